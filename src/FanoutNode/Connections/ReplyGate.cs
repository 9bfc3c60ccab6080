namespace Fanout.Node.Connections;

/// <summary>
/// Bounds how much one connection can have under way: commands that wait for the backplane and answers that wait for the lane. The reader
/// counts each command in, the lane counts it out when its answer is sent; at the bound the reader stops reading, and TCP slows the client.
/// </summary>
/// <remarks>Thread-safe; one reader waits at the most.</remarks>
internal sealed class ReplyGate
{
    // Enough to fill the pipe of a fast client over a slow link to Redis (256 in flight at 2 ms are 128,000 a second), small enough that
    // a flood from one socket is a few hundred objects.
    private const int Bound = 256;

    private int _inside;
    private TaskCompletionSource? _waiter;
    private volatile bool _open;

    /// <summary>Whether the reader should wait before it takes more in.</summary>
    public bool IsFull => Volatile.Read(ref _inside) >= Bound && !_open;

    /// <summary>Counts one in.</summary>
    public void Enter() => Interlocked.Increment(ref _inside);

    /// <summary>Counts one out.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _inside) < Bound)
            Interlocked.Exchange(ref _waiter, null)?.TrySetResult();
    }

    /// <summary>Lets everybody through from now on: the connection is over.</summary>
    public void Open()
    {
        _open = true;
        Interlocked.Exchange(ref _waiter, null)?.TrySetResult();
    }

    /// <summary>Waits until there is room; at once where there is.</summary>
    public ValueTask WaitAsync() => IsFull ? WaitSlowAsync() : ValueTask.CompletedTask;

    private async ValueTask WaitSlowAsync()
    {
        while (IsFull)
        {
            var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Interlocked.Exchange(ref _waiter, waiter);
            // Somebody may have left between the look and the hanging up of the bell: look again before sleeping.
            if (!IsFull)
                waiter.TrySetResult();
            await waiter.Task;
        }
    }
}
