using Fanout.Node.Limits;
using Xunit;

namespace Fanout.Tests.Unit.Limits;

/// <summary>Compressed messages pay before they are inflated, and for what they were afterwards.</summary>
public sealed class CompressedRateTests
{
    private const int Largest = 1_000_000;
    private const int PerSecond = 100_000;

    // A thousand bytes that become a million, as often as the sender likes: one goes through, and then one in ten seconds.
    [Fact]
    public void Bombs_AreInflatedAtTheRate_AndNoFaster()
    {
        var rate = New(new LimitsOptions { MaxMessageBytes = Largest });
        var inflated = 0;
        for (var now = 0L; now < 60_000; now += 10)
        {
            if (!rate.TryTakeCompressed(1_000, now, out var limit, out var retryAfterMs, out _))
            {
                Assert.Equal("inflated_bytes", limit);
                Assert.InRange(retryAfterMs, 1, 10_000);
                continue;
            }

            inflated++;
            rate.ChargeInflated(1_000, Largest);
        }

        // The burst, one on credit, and the minute's share.
        Assert.InRange(inflated, 5, 2 + (60 * PerSecond / Largest));
    }

    [Fact]
    public void Bombs_WithoutAPause_AreAnAbuse()
    {
        var rate = New(new LimitsOptions { MaxMessageBytes = Largest, MessagesPerSecond = 0 });
        for (var now = 0L; now < 60_000; now += 10)
        {
            if (rate.TryTakeCompressed(1_000, now, out _, out _, out var abused))
                rate.ChargeInflated(1_000, Largest);
            if (abused)
                return;
        }

        Assert.Fail("Nobody was called an abuser.");
    }

    [Fact]
    public void Message_IsTakenBeforeItIsInflated()
    {
        var rate = New(new LimitsOptions { MessagesPerSecond = 1, MessageBurst = 2 });

        Assert.True(rate.TryTakeCompressed(10, 0, out _, out _, out _));
        Assert.True(rate.TryTakeCompressed(10, 0, out _, out _, out _));
        Assert.False(rate.TryTakeCompressed(10, 0, out var limit, out _, out _));
        Assert.Equal("messages", limit);
    }

    [Fact]
    public void InflatedBytes_CountAsBytes()
    {
        var rate = New(new LimitsOptions { BytesPerSecond = 1_000, MaxMessageBytes = 2_000 });
        Assert.True(rate.TryTakeCompressed(100, 0, out _, out _, out _));
        rate.ChargeInflated(100, 2_000);

        Assert.False(rate.TryTakeBytes(10, 0, out var retryAfterMs, out _));
        Assert.Equal(10, retryAfterMs);
        Assert.True(rate.TryTakeBytes(10, 10, out _, out _));
    }

    [Fact]
    public void Joins_AreFree_WhetherTheyAreCompressedOrNot()
    {
        var rate = New(new LimitsOptions { MessagesPerSecond = 1, MessageBurst = 1, MaxRoomsPerConnection = 3 });
        for (var i = 0; i < 3; i++)
        {
            Assert.True(rate.TryTakeCompressed(10, 0, out _, out _, out _));
            rate.CountAsJoin();
        }

        Assert.True(rate.TryTakeCompressed(10, 0, out _, out _, out _));
        rate.CountAsJoin();
        Assert.False(rate.TryTakeCompressed(10, 0, out _, out _, out _));
    }

    [Fact]
    public void WithoutLimits_NothingIsRefused()
    {
        var rate = new SessionRate(new LimitsOptions { MessagesPerSecond = 0, MaxMessageBytes = 0 }, now: 0);
        for (var i = 0; i < 1_000; i++)
        {
            Assert.True(rate.TryTakeCompressed(10, 0, out _, out _, out _));
            rate.ChargeInflated(10, Largest);
        }
    }

    private static SessionRate New(LimitsOptions limits) => new(limits, now: 0, PerSecond);
}
