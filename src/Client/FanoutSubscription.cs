using Fanout.Client.Rooms;

namespace Fanout.Client;

/// <summary>A handler that gets a room's messages until this is disposed. The last one to end leaves the room, unless it was joined.</summary>
public sealed class FanoutSubscription : IDisposable
{
    private readonly RoomCore _room;
    private readonly IMessageSink _sink;
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal FanoutSubscription(RoomCore room, IMessageSink sink)
    {
        _room = room;
        _sink = sink;
        Ending = _ending.Token;
    }

    /// <summary>
    /// Completes when the handler is not called any more: after <see cref="Dispose"/> or the end of the client, or, as failed with
    /// <c>overflow</c>, when messages came faster than they were handled.
    /// </summary>
    public Task Completion => _completion.Task;

    internal CancellationToken Ending { get; }

    /// <summary>Ends it: no call of the handler begins after this; one that runs has its token cancelled.</summary>
    public void Dispose()
    {
        using (_room.Host.Turns.Take())
        {
            _room.Remove(_sink);
            _sink.End(null);
        }

        _ending.Cancel();
    }

    internal void Over(FanoutException? error)
    {
        using (_room.Host.Turns.Take())
            _room.Remove(_sink);
        if (error is null)
            _completion.TrySetResult();
        else if (_completion.TrySetException(error))
            // It was told to the client's Failed event; whoever does not look here misses nothing.
            _ = _completion.Task.Exception;
    }
}
