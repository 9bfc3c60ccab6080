using Fanout.Node.Limits;
using Xunit;

namespace Fanout.Tests.Unit.Limits;

public sealed class TokenBucketTests
{
    private const int Rate = 10;
    private const int Burst = 5;

    [Fact]
    public void Burst_IsTakenAtOnce_AndNoMore()
    {
        var bucket = new TokenBucket(Burst, now: 1_000);

        Assert.Equal(Burst, TakeAll(ref bucket, 1_000));
        Assert.False(bucket.TryTake(Rate, Burst, 1_000, out var retryAfterMs));
        Assert.Equal(100, retryAfterMs);
    }

    [Fact]
    public void Tokens_ComeBackWithTime_UpToTheBurst()
    {
        var bucket = new TokenBucket(Burst, now: 0);
        TakeAll(ref bucket, 0);

        Assert.Equal(0, TakeAll(ref bucket, 99));
        Assert.Equal(1, TakeAll(ref bucket, 100));
        Assert.Equal(3, TakeAll(ref bucket, 400));
        Assert.Equal(Burst, TakeAll(ref bucket, 1_000_000));
    }

    // What it says is true: at that time there is a token, and well before it there is none.
    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    [InlineData(99)]
    public void RetryAfter_IsWhenTheNextTokenIsThere(long at)
    {
        var bucket = new TokenBucket(Burst, now: 0);
        TakeAll(ref bucket, 0);
        Assert.False(bucket.TryTake(Rate, Burst, at, out var retryAfterMs));

        // Rounded up, and a fraction of a token may round once more.
        Assert.False(bucket.TryTake(Rate, Burst, Math.Max(at, at + retryAfterMs - 2), out _));
        Assert.True(bucket.TryTake(Rate, Burst, at + retryAfterMs, out _));
    }

    [Fact]
    public void Rate_OfZero_LetsEverythingThrough()
    {
        var bucket = new TokenBucket(1, now: 0);

        for (var i = 0; i < 1_000; i++)
            Assert.True(bucket.TryTake(0, 1, 0, out _));
    }

    // Without a burst one at a time still goes.
    [Fact]
    public void Burst_OfZero_StillLetsOneThrough()
    {
        var bucket = new TokenBucket(0, now: 0);

        Assert.True(bucket.TryTake(Rate, 0, 0, out _));
        Assert.False(bucket.TryTake(Rate, 0, 0, out _));
        Assert.True(bucket.TryTake(Rate, 0, 100, out _));
    }

    private static int TakeAll(ref TokenBucket bucket, long now)
    {
        var taken = 0;
        while (bucket.TryTake(Rate, Burst, now, out _))
            taken++;
        return taken;
    }
}
