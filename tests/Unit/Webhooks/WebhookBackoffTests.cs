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
        Assert.InRange(WebhookBackoff.After(1, Options, TimeSpan.FromSeconds(60), new Random(1)).TotalSeconds, 48, 60);
        Assert.InRange(WebhookBackoff.After(1, Options, TimeSpan.FromDays(1), new Random(1)).TotalSeconds, 240, 300);
        Assert.InRange(WebhookBackoff.After(1, Options, TimeSpan.FromSeconds(-5), new Random(1)).TotalSeconds, 0.8, 1);
    }

    // What docs/operations.md says of 20 tries.
    [Fact]
    public void AllPauses_TakeAboutAnHour() =>
        Assert.InRange(Enumerable.Range(1, Options.MaxAttempts - 1).Sum(attempt => WebhookBackoff.After(attempt, Options, null, new Random(attempt)).TotalMinutes), 45, 65);
}
