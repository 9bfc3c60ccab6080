using System.Threading.Channels;
using Fanout.Tests.TestKit;
using Microsoft.Extensions.Time.Testing;

namespace Fanout.Tests.Unit;

/// <summary>A clock that tells of each timer that is set: a loop that has set its timer waits, and the test may turn the clock.</summary>
internal sealed class TimerWatch : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _set = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _set.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Waits until the next timer is set.</summary>
    /// <returns>For how long.</returns>
    public Task<TimeSpan> NextTimerAsync() => _set.Reader.ReadAsync().AsTask().WithDeadline("the next timer");
}
