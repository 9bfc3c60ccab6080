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

        var moments = DrainPlan.For(connections, window, perSecond: 0, Long, new Random(1)).Moments;

        for (var i = 0; i < connections; i++)
            Assert.InRange(moments[i], window / connections * i, window / connections * (i + 1));
    }

    [Fact]
    public void Cap_MakesTheWindowLonger_SoThatNoSecondHasMore()
    {
        var moments = DrainPlan.For(10_000, TimeSpan.FromSeconds(1), perSecond: 500, Long, new Random(1)).Moments;

        // Two neighbouring slots can put their two in one and the same second at its edges.
        Assert.All(moments.CountBy(moment => (int)moment.TotalSeconds), second => Assert.InRange(second.Value, 1, 501));
        Assert.InRange(moments[^1], TimeSpan.FromSeconds(19.9), TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Cap_ThatTheWindowKeepsAnyway_ChangesNothing() =>
        Assert.InRange(DrainPlan.For(100, TimeSpan.FromSeconds(5), perSecond: 1000, Long, new Random(1)).Moments[^1], TimeSpan.FromSeconds(4.9), TimeSpan.FromSeconds(5));

    [Theory]
    [InlineData(5)]
    [InlineData(0)]
    [InlineData(-3)]
    public void AvailableTime_IsNeverExceeded(int seconds) => Assert.All(
        DrainPlan.For(1_000, TimeSpan.FromSeconds(30), perSecond: 1, TimeSpan.FromSeconds(seconds), new Random(1)).Moments,
        moment => Assert.InRange(moment, TimeSpan.Zero, TimeSpan.FromSeconds(Math.Max(0, seconds))));

    [Fact]
    public void NoConnections_NoMoments() => Assert.Empty(DrainPlan.For(0, TimeSpan.FromSeconds(5), perSecond: 10, Long, new Random(1)).Moments);

    // What is late may go on by the cap, where there is one.
    [Theory]
    [InlineData(1_000, 50)]
    [InlineData(10, 1)]
    [InlineData(0, int.MaxValue)]
    public void Step_HasItsPartOfTheCap(int perSecond, int most) =>
        Assert.Equal(most, DrainPlan.For(10, TimeSpan.FromSeconds(1), perSecond, Long, new Random(1)).PerStep(TimeSpan.FromMilliseconds(50)));

    // The window that counts is the one that the cap made, not the one that was set.
    [Theory]
    [InlineData(100, 5)]
    [InlineData(20_000, 20)]
    public void Window_IsAsLongAsTheCapNeeds(int connections, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), DrainPlan.For(connections, TimeSpan.FromSeconds(5), perSecond: 1_000, Long, new Random(1)).Window);
}
