using Fanout.Node.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fanout.Tests.Unit.Diagnostics;

public sealed class FleetClockTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 25, 10, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Start);
    private readonly FleetClock _clock;

    public FleetClockTests() => _clock = new FleetClock(_time);

    private long Machine => _time.GetUtcNow().ToUnixTimeMilliseconds();

    [Fact]
    public void Clock_ThatLearntNothing_IsTheMachines()
    {
        _time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(Machine, _clock.UnixMilliseconds);
    }

    [Fact]
    public void Clock_FollowsRedis_WhateverTheMachineSays()
    {
        Hear(redisAhead: TimeSpan.FromHours(-2), tripMs: 0);
        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(Machine - 7_200_000, _clock.UnixMilliseconds);
    }

    // Redis read its clock somewhere on the way: the middle is off by half the trip at most.
    [Fact]
    public void Reply_IsTakenForTheMiddleOfItsTrip()
    {
        Hear(redisAhead: TimeSpan.FromSeconds(5), tripMs: 40, readAfterMs: 0);

        Assert.Equal(Machine + 5_000 - 20, _clock.UnixMilliseconds);
    }

    [Fact]
    public void SlowReply_DoesNotShakeWhatAQuickOneTold()
    {
        Hear(redisAhead: TimeSpan.FromSeconds(5), tripMs: 0);
        Hear(redisAhead: TimeSpan.FromSeconds(5), tripMs: 900, readAfterMs: 880);

        Assert.Equal(Machine + 5_000, _clock.UnixMilliseconds);
    }

    [Fact]
    public void Reply_ThatContradicts_IsBelieved()
    {
        Hear(redisAhead: TimeSpan.FromSeconds(5), tripMs: 0);
        Hear(redisAhead: TimeSpan.FromSeconds(-60), tripMs: 2, readAfterMs: 1);

        Assert.Equal(Machine - 60_000, _clock.UnixMilliseconds);
    }

    private void Hear(TimeSpan redisAhead, int tripMs, int readAfterMs = 0)
    {
        var sent = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromMilliseconds(readAfterMs));
        var redis = (_time.GetUtcNow() + redisAhead - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        _time.Advance(TimeSpan.FromMilliseconds(tripMs - readAfterMs));
        _clock.Learn(sent, _time.GetTimestamp(), redis);
    }
}
