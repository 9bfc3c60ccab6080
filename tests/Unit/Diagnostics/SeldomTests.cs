using Fanout.Node.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fanout.Tests.Unit.Diagnostics;

public sealed class SeldomTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void First_IsToldAtOnce_TheOthersTogether_TenSecondsLater()
    {
        var seldom = new Seldom(_time);

        Assert.Equal(1, seldom.Count());
        for (var i = 0; i < 99; i++)
            Assert.Equal(0, seldom.Count());
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.Equal(0, seldom.Count());
        _time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal(101, seldom.Count());
        Assert.Equal(0, seldom.Count());
    }

    [Fact]
    public void None_IsCountedTwice_OrForgotten_ByManyAtOnce()
    {
        var seldom = new Seldom(_time);
        var told = 0L;

        Parallel.For(0, 10_000, _ => Interlocked.Add(ref told, seldom.Count()));
        _time.Advance(TimeSpan.FromSeconds(10));
        told += seldom.Count();

        Assert.Equal(10_001, told);
    }
}
