namespace Fanout.Client.Threading;

/// <summary>One timer that can be set again and again, in a turn; it fires in a turn.</summary>
internal sealed class ClientTimer(Turns turns, TimeProvider time)
{
    // More does not fit a timer; 49 days are for ever here.
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private ITimer? _timer;
    private Action? _callback;
    private long _setting;

    public bool IsSet => _callback is not null;

    public void Set(TimeSpan delay, Action callback)
    {
        Clear();
        _callback = callback;
        var shot = new Shot(this, _setting);
        // A timer keeps the context it is made in, and with it the caller's trace, alive.
        using var noFlow = ExecutionContext.IsFlowSuppressed() ? default(IDisposable) : ExecutionContext.SuppressFlow();
        _timer = time.CreateTimer(
            static shot => ((Shot)shot!).Fire(), shot, TimeSpan.FromTicks(Math.Clamp(delay.Ticks, 1, Longest.Ticks)), Timeout.InfiniteTimeSpan);
    }

    public void Clear()
    {
        _callback = null;
        _setting++;
        _timer?.Dispose();
        _timer = null;
    }

    private void Fire(long setting)
    {
        using var turn = turns.Take();
        // It was cleared, or set anew, while this call waited for its turn.
        if (setting != _setting || _callback is not { } callback)
            return;
        Clear();
        callback();
    }

    private sealed class Shot(ClientTimer owner, long setting)
    {
        public void Fire() => owner.Fire(setting);
    }
}
