using System.Globalization;
using System.Text;
using Fanout.Node.Backplane;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Tests.TestKit;

namespace Fanout.Tests.Contract.Backplanes;

/// <summary>A node as its backplane sees it: what it publishes, what it hears.</summary>
internal sealed class TestNode(IBackplane backplane) : IAsyncDisposable
{
    private int _lastId;

    public IBackplane Backplane { get; } = backplane;

    public RecordingListener Heard { get; } = new();

    public IMembership Members => Backplane.Membership;

    public async Task StartAsync()
    {
        Backplane.Start(Heard);
        if (Backplane.State != BackplaneState.Healthy)
            await Heard.Healthy.WithDeadline("a healthy backplane");
        // The first beat, without which the node is not there for the others.
        await Eventually.TrueAsync(
            async () => (await Backplane.Nodes.ListAsync()).Any(node => node.Id == Backplane.NodeId), $"{Backplane.NodeName} among the nodes");
    }

    public ValueTask<PublishResult> PublishAsync(string room, string text, RoomPolicy? policy = null, string? key = null, bool countsMembers = false)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"{Backplane.NodeName}-{Interlocked.Increment(ref _lastId)}");
        var payload = new Payload(WireFormat.Json, Encoding.UTF8.GetBytes(text));
        var once = key is null ? null : new IdempotencyKey("tester", key, text);
        return Backplane.PublishAsync(new Publication(
            room, policy ?? Policies.Plain, id, MessageCodec.Encode(new StoredMessage(id, 0, null, null, payload)), once, countsMembers));
    }

    public async ValueTask DisposeAsync() => await Backplane.DisposeAsync();
}
