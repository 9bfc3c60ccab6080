using Fanout.Node.Console;
using Xunit;

namespace Fanout.Tests.Unit.Console;

public sealed class LatencyCountsTests
{
    // The page computes the same steps: src/Console/src/fleet/latency.ts.
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.0001, 0)]
    [InlineData(0.00011, 1)]
    [InlineData(0.0002, 4)]
    [InlineData(0.1024, 40)]
    [InlineData(1_000_000, 79)]
    public void Step_HoldsDurationsUpToItsEnd(double seconds, int step) => Assert.Equal(step, LatencyCounts.StepOf(seconds));

    [Fact]
    public void Take_GivesEachCountOnce()
    {
        var counts = new LatencyCounts();
        Assert.Null(counts.Take());
        counts.Record(0.0002);
        counts.Record(0.0002);
        counts.Record(0.1024);

        Assert.Equal(new Dictionary<string, long> { ["4"] = 2, ["40"] = 1 }, counts.Take());
        Assert.Null(counts.Take());
    }
}
