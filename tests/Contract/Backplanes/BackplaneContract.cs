using Fanout.Node.Backplane;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Contract.Backplanes;

/// <summary>
/// What every backplane does, seen by two nodes that share it. A backplane's own test class says how one is made, and inherits the cases:
/// publishing (.Publishing), history (.History), membership (.Membership), presence notices (.Presence), nodes and the end (.Nodes).
/// </summary>
public abstract partial class BackplaneContract : IAsyncLifetime
{
    private TestNode _first = null!;
    private TestNode _second = null!;

    /// <summary>A room that no other test uses.</summary>
    private static string NewRoom(string prefix = "room") => $"{prefix}{Guid.NewGuid().ToString("N")[..12]}";

    public virtual async ValueTask InitializeAsync()
    {
        _first = new TestNode(Create("first"));
        _second = new TestNode(Create("second"));
        await Task.WhenAll(_first.StartAsync(), _second.StartAsync());
    }

    public virtual async ValueTask DisposeAsync()
    {
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }

    /// <summary>A backplane of a node with that name, on what all nodes of this test share.</summary>
    internal abstract IBackplane Create(string nodeName);

    /// <summary>Names of what is stored of the node: keys, entries, whatever there is.</summary>
    internal abstract Task<IReadOnlyList<string>> TracesOfAsync(string nodeId);

    private static ClientIdentity Client(string id, string? user = null) => new(id, user, null, FakeStatus.Started);

    private static async Task BothSubscribeAsync(string room, params TestNode[] nodes)
    {
        foreach (var node in nodes)
            await node.Backplane.SubscribeAsync(room).AsTask().WithDeadline("the subscription");
    }
}
