using System.Diagnostics.Metrics;
using Fanout.Node.Backplane;
using Fanout.Node.Console;
using Fanout.Node.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fanout.Tests.Unit.Console;

/// <summary>What the counters of trouble make of themselves: numbers that are right, and not so many events that they push out the others.</summary>
public sealed class TroublePaceTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();
    private readonly FanoutMetrics _metrics;
    private readonly ConsoleCounters _counters;
    private readonly NotableEvents _events;
    private readonly TroublePace _pace;

    public TroublePaceTests()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        _metrics = new FanoutMetrics(meters);
        _counters = new ConsoleCounters(meters);
        _events = new NotableEvents(new NodeIdentity("node"), _time);
        _pace = new TroublePace(_counters, _events, _time);
    }

    [Fact]
    public void Refusals_ThatGoOn_AreAllCounted()
    {
        for (var second = 0; second < 60; second++)
        {
            Refuse(1_000);
            Pass(TimeSpan.FromSeconds(1));
        }

        Pass(TimeSpan.FromMinutes(1));

        Assert.Equal(["1,000 refusals by the limit of messages", "59,000 refusals by the limit of messages"], Told());
    }

    // Nothing has to happen again for the rest to be told.
    [Fact]
    public void Refusals_BehindTheLastEvent_AreToldWhenItsPauseIsOver()
    {
        Refuse(1);
        Pass(TimeSpan.FromSeconds(1));
        Refuse(3);
        Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(["1 refusal by the limit of messages"], Told());

        Pass(TimeSpan.FromMinutes(1));

        Assert.Equal(["1 refusal by the limit of messages", "3 refusals by the limit of messages"], Told());
    }

    [Fact]
    public void Storm_ThatLastsADay_LeavesRoomForOtherEvents()
    {
        for (var minute = 0; minute < 24 * 60; minute++)
        {
            Refuse(10);
            Pass(TimeSpan.FromMinutes(1));
        }

        Assert.InRange(Count(), 50, 24 * 4 + 8);
    }

    [Fact]
    public void Refusals_AfterAQuietTime_AreToldAtOnce()
    {
        for (var minute = 0; minute < 60; minute++)
        {
            Refuse(10);
            Pass(TimeSpan.FromMinutes(1));
        }

        Pass(TimeSpan.FromHours(2));
        var before = Count();
        Refuse(5);
        Pass(TimeSpan.FromSeconds(1));
        Refuse(5);
        Pass(TimeSpan.FromMinutes(1));

        Assert.Equal(before + 2, Count());
    }

    [Fact]
    public void Rest_IsToldAtTheEnd()
    {
        Refuse(1);
        _pace.Tell();
        Refuse(2);
        _pace.Tell(all: true);

        Assert.Equal("2 refusals by the limit of messages", Told()[^1]);
    }

    public void Dispose()
    {
        _counters.Dispose();
        _metrics.Dispose();
        _services.Dispose();
    }

    private void Refuse(int times)
    {
        for (var i = 0; i < times; i++)
            _metrics.Limited("messages");
    }

    // As the reporter does, which looks once a second.
    private void Pass(TimeSpan time)
    {
        _pace.Tell();
        _time.Advance(time);
        _pace.Tell();
    }

    private List<string> Told() => [.. _events.Waiting.Select(told => told.Text)];

    // The queue is bounded, but the ids count.
    private int Count() => int.Parse(_events.Waiting[^1].Id.Split('-')[1], System.Globalization.CultureInfo.InvariantCulture);
}
