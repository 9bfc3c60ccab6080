using System.Diagnostics.Metrics;
using Fanout.Node.Backplane;
using Fanout.Node.Backplane.Redis;
using Fanout.Node.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;
using Xunit;

namespace Fanout.Tests.Unit.Backplane.Redis;

/// <summary>When probes are sent, what the node is told of what they find, and when the subscription is dropped.</summary>
public sealed class BackplaneProbeTests : IAsyncLifetime
{
    private static readonly HealthOptions Options = new() { ProbeInterval = TimeSpan.FromSeconds(2) };

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly TimerWatch _time = new();
    private readonly FakeProbe _probe = new();
    private readonly List<BackplaneState> _told = [];
    private readonly BackplaneProbe _probing;

    public BackplaneProbeTests() => _probing = new BackplaneProbe(
        _probe, Options, _time, new FanoutMetrics(_services.GetRequiredService<IMeterFactory>()), NullLogger<BackplaneProbe>.Instance);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _probing.StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task Probes_AreSentAtTheInterval_AndHealthIsToldOnce()
    {
        Assert.Equal(BackplaneState.Degraded, _probing.State);
        await StartAsync();

        await ProbeAsync(times: 3);

        Assert.Equal(4, _probe.Probes);
        Assert.Equal([BackplaneState.Healthy], _told);
    }

    [Fact]
    public async Task Hurry_ProbesAtOnce()
    {
        await StartAsync();

        _probing.Hurry();
        await _time.NextTimerAsync();

        Assert.Equal(2, _probe.Probes);
    }

    [Fact]
    public async Task LostProbe_Degrades_AndDropsTheSubscription()
    {
        await StartAsync();
        _probe.Find = () => ProbeResult.Lost;
        await ProbeAsync();
        Assert.Equal(1, _probe.Drops);

        _probe.Find = () => ProbeResult.Returned;
        await ProbeAsync();

        Assert.Equal([BackplaneState.Healthy, BackplaneState.Degraded, BackplaneState.Healthy], _told);
        Assert.Equal(1, _probe.Drops);
    }

    [Fact]
    public async Task ProbeThatCannotBeSent_Degrades_AndKeepsTheSubscription() => await DegradesAndKeepsAsync(ProbeResult.NotSent);

    [Fact]
    public async Task SubscriptionThatIsBeingMade_Degrades_AndIsLeftAlone() => await DegradesAndKeepsAsync(ProbeResult.NoSubscription);

    [Fact]
    public async Task Probes_GoOn_WhateverFails()
    {
        await StartAsync();
        foreach (var failure in new Exception[] { new RedisCommandException("not allowed"), new OperationCanceledException(), new InvalidOperationException("a bug") })
        {
            _probe.Find = () => throw failure;
            await ProbeAsync();
        }

        _probe.Find = () => ProbeResult.Lost;
        await ProbeAsync();

        Assert.Equal(5, _probe.Probes);
        Assert.Equal(BackplaneState.Degraded, _probing.State);
    }

    private async Task DegradesAndKeepsAsync(ProbeResult result)
    {
        await StartAsync();
        _probe.Find = () => result;
        await ProbeAsync(times: 2);

        Assert.Equal([BackplaneState.Healthy, BackplaneState.Degraded], _told);
        Assert.Equal(0, _probe.Drops);
    }

    private async Task StartAsync()
    {
        _probing.Start(_told.Add);
        Assert.Equal(Options.ProbeInterval, await _time.NextTimerAsync());
    }

    private async Task ProbeAsync(int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            _time.Advance(Options.ProbeInterval);
            Assert.Equal(Options.ProbeInterval, await _time.NextTimerAsync());
        }
    }
}
