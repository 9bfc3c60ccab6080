using System.Collections.Concurrent;
using System.Text.Json;
using Fanout.Node.Backplane;
using Fanout.Shared.Rooms;

namespace Fanout.Tests.Unit.Console;

/// <summary>A backplane that only takes publishes, and answers them when the test says so.</summary>
internal sealed class PlayedBackplane : IBackplane, IControl
{
    private readonly ConcurrentQueue<(string Room, byte[] Payload)> _published = new();
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile BackplaneState _state = BackplaneState.Healthy;

    public string NodeName => "node";

    public string NodeId => "node-1";

    public BackplaneState State
    {
        get => _state;
        set => _state = value;
    }

    /// <summary>Whether no publish is ever answered, as by a Redis that was stopped.</summary>
    public bool Hangs { get; init; }

    /// <summary>Completes with the first publish.</summary>
    public Task Asked => _asked.Task;

    public int Reports => _published.Count(one => one.Room == RoomName.Ops);

    public IReadOnlyList<string> EventKinds =>
        [.. _published.Where(one => one.Room == RoomName.OpsEvents).Select(one => JsonDocument.Parse(one.Payload).RootElement.GetProperty("kind").GetString()!)];

    public IMembership Membership => throw new NotSupportedException();

    public IRoomLog Log => throw new NotSupportedException();

    public INodeDirectory Nodes => throw new NotSupportedException();

    public IControl Control => this;

    public IRevocations Revocations => throw new NotSupportedException();

    public void Start(IBackplaneListener listener)
    {
    }

    public ValueTask SubscribeAsync(string room) => ValueTask.CompletedTask;

    public void Unsubscribe(string room)
    {
    }

    public ValueTask<long> SendAsync(byte[] order) => ValueTask.FromResult(0L);

    public async ValueTask<PublishResult> PublishAsync(Publication publication)
    {
        _asked.TrySetResult();
        if (Hangs)
            await Task.Delay(Timeout.Infinite);
        MessageCodec.TryDecode(publication.Data.ToArray(), out var message);
        _published.Enqueue((publication.Room, message.Payload.Bytes.ToArray()));
        return new PublishResult(PublishOutcome.Published, publication.MessageId, null, null, 1);
    }

    public ValueTask StopAsync(CancellationToken cancellation) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
