using System.Diagnostics.Metrics;
using Fanout.Node.Diagnostics;
using Fanout.Node.Limits;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Fanout.Tests.Unit.Api;

public sealed class BytesInFlightTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public void Dispose() => _services.Dispose();

    [Fact]
    public void Enter_BeyondTheBound_IsRefused_UntilSomethingLeaves()
    {
        var bytes = Bound(100);

        Assert.True(bytes.TryGrow(0, 60));
        Assert.False(bytes.TryGrow(0, 41));
        Assert.True(bytes.TryGrow(0, 40));
        bytes.Leave(60);
        Assert.True(bytes.TryGrow(0, 60));
    }

    [Fact]
    public void Enter_OfOneThatIsLargerThanTheBound_IsTakenAlone()
    {
        var bytes = Bound(100);

        Assert.True(bytes.TryGrow(0, 500));
        Assert.False(bytes.TryGrow(0, 1));
        bytes.Leave(500);
        Assert.True(bytes.TryGrow(0, 1));
    }

    [Fact]
    public void Enter_WithoutABound_IsAlwaysTaken()
    {
        var bytes = Bound(0);

        Assert.True(bytes.TryGrow(0, long.MaxValue / 2));
        Assert.True(bytes.TryGrow(0, 1));
    }

    [Fact]
    public void Growth_CountsOnce_AndLeavesWhatWasHeldWhereItIsRefused()
    {
        var bytes = Bound(100);

        Assert.True(bytes.TryGrow(0, 10));
        Assert.True(bytes.TryGrow(0, 20));
        Assert.True(bytes.TryGrow(20, 90));
        Assert.False(bytes.TryGrow(90, 91));
        bytes.Leave(10);
        // Alone it is taken, whatever it becomes.
        Assert.True(bytes.TryGrow(90, 500));
        bytes.Leave(500);
        Assert.True(bytes.HasRoomFor(500));
    }

    [Fact]
    public void Room_ForWhatIsNotHereYet_IsNotTaken()
    {
        var bytes = Bound(100);
        Assert.True(bytes.TryGrow(0, 40));

        Assert.True(bytes.HasRoomFor(60));
        Assert.False(bytes.HasRoomFor(61));
        Assert.True(bytes.TryGrow(0, 60));
    }

    private BytesInFlight Bound(long most) =>
        new(new LimitsOptions { MaxApiBytesInFlight = most }, new FanoutMetrics(_services.GetRequiredService<IMeterFactory>()));
}
