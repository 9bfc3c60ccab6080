using Fanout.Node.Limits;
using Xunit;

namespace Fanout.Tests.Unit.Limits;

public sealed class SessionRateTests
{
    private static readonly LimitsOptions Limits = new() { MessagesPerSecond = 1, MessageBurst = 1 };

    // Refused for ten seconds without a pause: who has not learned by then is not going to.
    [Fact]
    public void Client_ThatGoesOnForTenSeconds_IsAnAbuser()
    {
        var rate = new SessionRate(Limits, now: 0);
        var abusedAt = FirstAbuse(rate, every: 100, until: 20_000);

        Assert.InRange(abusedAt, 10_000, 10_200);
    }

    // One that waits for longer than a second in between begins anew each time.
    [Fact]
    public void Client_ThatPauses_IsNone()
    {
        var rate = new SessionRate(new LimitsOptions { MessagesPerSecond = 1, MessageBurst = 1 }, now: 0);
        for (var now = 0L; now < 120_000; now += 1_500)
        {
            // Two at once, of which the second is refused.
            rate.TryTake(now, out _, out _);
            Assert.False(rate.TryTake(now, out _, out var abused));
            Assert.False(abused);
        }
    }

    [Fact]
    public void Client_WithinItsRate_IsNeverRefused()
    {
        var rate = new SessionRate(Limits, now: 0);
        for (var now = 0L; now < 60_000; now += 1_000)
            Assert.True(rate.TryTake(now, out _, out _));
    }

    [Fact]
    public void Joins_UpToTheRoomLimit_DoNotUseUpMessages()
    {
        var rate = new SessionRate(new LimitsOptions { MessagesPerSecond = 1, MessageBurst = 1, MaxRoomsPerConnection = 3 }, now: 0);

        for (var i = 0; i < 3; i++)
            Assert.True(rate.TryTakeJoin(0, out _, out _));
        Assert.True(rate.TryTake(0, out _, out _));
        Assert.False(rate.TryTakeJoin(0, out var retryAfterMs, out _));
        Assert.Equal(1_000, retryAfterMs);
    }

    [Fact]
    public void Pings_AndMessages_HaveBucketsOfTheirOwn()
    {
        var rate = new SessionRate(Limits, now: 0);

        Assert.True(rate.TryTake(0, out _, out _));
        Assert.False(rate.TryTake(0, out _, out _));
        Assert.True(rate.TryTakePing(0, out _, out _));
        Assert.False(rate.TryTakePing(0, out var retryAfterMs, out _));
        Assert.Equal(1_000, retryAfterMs);
        Assert.True(rate.TryTake(1_000, out _, out _));
        Assert.True(rate.TryTakePing(1_000, out _, out _));
    }

    [Fact]
    public void Bytes_OverTheRate_AreRefused_ButOneOfTheLargestAlwaysPasses()
    {
        var rate = new SessionRate(new LimitsOptions { BytesPerSecond = 1_000, MaxMessageBytes = 10_000 }, now: 0);

        Assert.True(rate.TryTakeBytes(10_000, 0, out _, out _));
        Assert.False(rate.TryTakeBytes(1_000, 500, out var retryAfterMs, out _));
        Assert.Equal(500, retryAfterMs);
        Assert.True(rate.TryTakeBytes(1_000, 1_000, out _, out _));
        Assert.True(rate.TryTakeBytes(10_000, 11_000, out _, out _));
    }

    private static long FirstAbuse(SessionRate rate, long every, long until)
    {
        for (var now = 0L; now < until; now += every)
        {
            if (!rate.TryTake(now, out _, out var abused) && abused)
                return now;
        }

        return -1;
    }
}
