using Fanout.Node.Drain;
using Xunit;

namespace Fanout.Tests.Unit.Drain;

public sealed class DrainPlanTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(5_000)]
    public void Moments_LieInTheWindow_OnePerSlot(int connections)
    {
        var window = TimeSpan.FromSeconds(5);

        var moments = DrainPlan.Spread(connections, window, perSecond: 0, Long, new Random(1));

        for (var i = 0; i < connections; i++)
            Assert.InRange(moments[i], window / connections * i, window / connections * (i + 1));
    }

    [Fact]
    public void Cap_MakesTheWindowLonger_SoThatNoSecondHasMore()
    {
        var moments = DrainPlan.Spread(10_000, TimeSpan.FromSeconds(1), perSecond: 500, Long, new Random(1));

        // Two neighbouring slots can put their two in one and the same second at its edges.
        Assert.All(moments.CountBy(moment => (int)moment.TotalSeconds), second => Assert.InRange(second.Value, 1, 501));
        Assert.InRange(moments[^1], TimeSpan.FromSeconds(19.9), TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Cap_ThatTheWindowKeepsAnyway_ChangesNothing() =>
        Assert.InRange(DrainPlan.Spread(100, TimeSpan.FromSeconds(5), perSecond: 1000, Long, new Random(1))[^1], TimeSpan.FromSeconds(4.9), TimeSpan.FromSeconds(5));

    [Theory]
    [InlineData(5)]
    [InlineData(0)]
    [InlineData(-3)]
    public void AvailableTime_IsNeverExceeded(int seconds) => Assert.All(
        DrainPlan.Spread(1_000, TimeSpan.FromSeconds(30), perSecond: 1, TimeSpan.FromSeconds(seconds), new Random(1)),
        moment => Assert.InRange(moment, TimeSpan.Zero, TimeSpan.FromSeconds(Math.Max(0, seconds))));

    [Fact]
    public void NoConnections_NoMoments() => Assert.Empty(DrainPlan.Spread(0, TimeSpan.FromSeconds(5), perSecond: 10, Long, new Random(1)));
}
