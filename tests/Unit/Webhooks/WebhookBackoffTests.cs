using Fanout.Node.Webhooks;
using Xunit;

namespace Fanout.Tests.Unit.Webhooks;

public sealed class WebhookBackoffTests
{
    private static readonly WebhookOptions Options = new();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(9, 256)]
    [InlineData(10, 300)]
    [InlineData(1000, 300)]
    public void Pause_DoublesUpToTheLongest_LessALittle(int attempts, double seconds)
    {
        for (var seed = 0; seed < 20; seed++)
            Assert.InRange(WebhookBackoff.After(attempts, Options, null, new Random(seed)).TotalSeconds, seconds * 0.8, seconds);
    }

    [Fact]
    public void Pause_ThatIsAskedFor_Counts_AsFarAsItMay()
    {
        Assert.InRange(WebhookBackoff.After(1, Options, TimeSpan.FromSeconds(60), new Random(1)).TotalSeconds, 60, 72);
        Assert.InRange(WebhookBackoff.After(1, Options, TimeSpan.FromDays(1), new Random(1)).TotalSeconds, 300, 300);
        Assert.Equal(300, WebhookBackoff.After(1, Options, TimeSpan.MaxValue, new Random(1)).TotalSeconds);
        Assert.InRange(WebhookBackoff.After(1, Options, TimeSpan.FromSeconds(-5), new Random(1)).TotalSeconds, 0.8, 1);
    }

    // The longest first pause that may be set doubles into more than a TimeSpan can say.
    [Fact]
    public void Pause_OfManyFailures_IsNeverMoreThanTheLongest()
    {
        var options = new WebhookOptions { FirstRetry = TimeSpan.FromHours(1), LongestRetry = TimeSpan.FromHours(24), MaxAttempts = 1000 };

        for (var attempts = 1; attempts <= options.MaxAttempts; attempts++)
            Assert.InRange(WebhookBackoff.After(attempts, options, null, new Random(attempts)), TimeSpan.FromMinutes(48), options.LongestRetry);
    }

    // What docs/operations.md says of 20 tries.
    [Fact]
    public void AllPauses_TakeAboutAnHour() =>
        Assert.InRange(Enumerable.Range(1, Options.MaxAttempts - 1).Sum(attempt => WebhookBackoff.After(attempt, Options, null, new Random(attempt)).TotalMinutes), 45, 65);
}
