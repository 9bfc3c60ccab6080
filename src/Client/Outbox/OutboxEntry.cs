using Fanout.Client.Connection;
using Fanout.Client.Threading;

namespace Fanout.Client.Outbox;

/// <summary>One publish, from the call to the acknowledgement.</summary>
internal sealed class OutboxEntry(string id, string room, byte[] frame, Backoff backoff, ClientTimer timer)
{
    private readonly TaskCompletionSource<FanoutPublished> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Id { get; } = id;

    public string Room { get; } = room;

    /// <summary>Encoded once, so that a repetition is the same byte for byte, as its key demands.</summary>
    public byte[] Frame { get; } = frame;

    public Backoff Backoff { get; } = backoff;

    public ClientTimer Timer { get; } = timer;

    public CancellationTokenRegistration Cancellation { get; set; }

    public bool InFlight { get; set; }

    public DateTimeOffset? FirstSentAt { get; set; }

    public DateTimeOffset? FirstRefusedAt { get; set; }

    public int LostConnections { get; set; }

    /// <summary>Nobody waits any more; it keeps its place until its fate is known, since the next one must not overtake it.</summary>
    public bool IsAbandoned { get; set; }

    public Task<FanoutPublished> Task => _done.Task;

    public void Succeed(FanoutPublished published)
    {
        End();
        _done.TrySetResult(published);
    }

    public void Fail(Exception error)
    {
        End();
        if (error is OperationCanceledException cancelled)
            _done.TrySetCanceled(cancelled.CancellationToken);
        else
            _done.TrySetException(error);
    }

    private void End()
    {
        Timer.Clear();
        // Not disposed: that would wait for a callback that waits for this turn.
        Cancellation.Unregister();
    }
}
