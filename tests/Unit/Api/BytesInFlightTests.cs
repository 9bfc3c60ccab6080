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

        Assert.True(bytes.TryEnter(60));
        Assert.False(bytes.TryEnter(41));
        Assert.True(bytes.TryEnter(40));
        bytes.Leave(60);
        Assert.True(bytes.TryEnter(60));
    }

    [Fact]
    public void Enter_OfOneThatIsLargerThanTheBound_IsTakenAlone()
    {
        var bytes = Bound(100);

        Assert.True(bytes.TryEnter(500));
        Assert.False(bytes.TryEnter(1));
        bytes.Leave(500);
        Assert.True(bytes.TryEnter(1));
    }

    [Fact]
    public void Enter_WithoutABound_IsAlwaysTaken()
    {
        var bytes = Bound(0);

        Assert.True(bytes.TryEnter(long.MaxValue / 2));
        Assert.True(bytes.TryEnter(1));
    }

    private BytesInFlight Bound(long most) =>
        new(new LimitsOptions { MaxApiBytesInFlight = most }, new FanoutMetrics(_services.GetRequiredService<IMeterFactory>()));
}
