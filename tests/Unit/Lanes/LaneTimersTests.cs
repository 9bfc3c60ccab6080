using System.Diagnostics.Metrics;
using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fanout.Tests.Unit.Lanes;

public sealed class LaneTimersTests : IDisposable
{
    private static readonly long Step = (long)LaneTimers.Resolution.TotalMilliseconds;

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();
    private readonly Lane _lane;

    public LaneTimersTests() => _lane = new Lane(
        0, new LaneOptions(), _time, new FanoutMetrics(_services.GetRequiredService<IMeterFactory>()), NullLogger<Lane>.Instance);

    public void Dispose() => _services.Dispose();

    // Never before its time, and at most one step of the wheel after it.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(249)]
    [InlineData(250)]
    [InlineData(1_000)]
    [InlineData(30_000)]
    [InlineData(63_000)]
    [InlineData(64_000)]
    [InlineData(200_000)]
    public void Deadline_IsLookedAtInTime(long due)
    {
        var client = Add("a", now => now >= due ? long.MaxValue : due);

        _lane.Timers.Schedule(client, due);
        Run(due + (3 * Step));

        // Far ones are looked at early and put back.
        var inTime = client.LookedAt.Single(now => now >= due);
        Assert.InRange(inTime, due, due + Step);
        Assert.True(client.LookedAt.Count <= 1 + (due / 60_000), string.Join(' ', client.LookedAt));
    }

    [Fact]
    public void Client_ThatAsksForTheNextLook_GetsOneEachTime()
    {
        var client = Add("a", now => now + 1_000);
        _lane.Timers.Schedule(client, 1_000);

        Run(10_000);

        Assert.InRange(client.LookedAt.Count, 8, 10);
        Assert.All(client.LookedAt.Zip(client.LookedAt.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 1_000, 1_000 + Step));
    }

    [Fact]
    public void Client_ThatLeftTheLane_IsLetGo()
    {
        var client = Add("a", now => now + 1_000);
        _lane.Timers.Schedule(client, 1_000);
        _lane.Clients.Remove("a");

        Run(5_000);

        Assert.Empty(client.LookedAt);
    }

    // Its name was taken by another connection: not the one that was scheduled.
    [Fact]
    public void Client_WhoseNameIsSomebodyElsesNow_IsLetGo()
    {
        var old = Add("a", now => now + 1_000);
        _lane.Timers.Schedule(old, 1_000);
        var current = new FakeLaneClient("a", now => now + 1_000);
        _lane.Clients["a"] = current;

        Run(5_000);

        Assert.Empty(old.LookedAt);
        Assert.Empty(current.LookedAt);
    }

    // The machine slept for a day: everybody is looked at once, and the wheel goes on turning.
    [Fact]
    public void Pause_OfADay_LosesNobody()
    {
        const long Day = 24 * 60 * 60 * 1000;
        const long Next = Day + 10_000;
        var clients = Enumerable.Range(0, 300).Select(i => Add($"c{i}", now => now >= Next ? long.MaxValue : Next)).ToList();
        foreach (var (client, i) in clients.Select((client, i) => (client, i)))
            _lane.Timers.Schedule(client, i * 200L);

        _time.Advance(TimeSpan.FromDays(1));
        _lane.Timers.Advance(_lane);
        Assert.All(clients, client => Assert.NotEmpty(client.LookedAt));
        Run(Next + Step);

        Assert.All(clients, client => Assert.InRange(client.LookedAt.Single(now => now >= Next), Next, Next + Step));
    }

    // Whoever is often behind asks for earlier looks; each of them used to stay in the wheel for good.
    [Fact]
    public void EarlierDeadlines_DoNotMultiplyTheLooks()
    {
        var client = Add("a", now => now + 30_000);
        _lane.Timers.Schedule(client, 30_000);
        for (var i = 0; i < 1_000; i++)
        {
            _lane.Timers.Schedule(client, _lane.Timers.Now + 10_000);
            if (i % 10 == 0)
                Run(_lane.Timers.Now + Step);
        }

        var begin = _lane.Timers.Now;
        var before = client.LookedAt.Count;
        Run(begin + 300_000);

        Assert.InRange(client.LookedAt.Count - before, 9, 11);
    }

    [Fact]
    public void Client_ThatFails_CostsTheOthersNothing_AndIsLookedAtAgain()
    {
        var failing = Add("bad", _ => throw new InvalidOperationException("on purpose"));
        var client = Add("good", now => now + 1_000);
        _lane.Timers.Schedule(failing, 1_000);
        _lane.Timers.Schedule(client, 1_000);

        Run(10_000);

        Assert.InRange(client.LookedAt.Count, 7, 10);
        Assert.InRange(failing.LookedAt.Count, 7, 10);
    }

    private FakeLaneClient Add(string id, Func<long, long> onTimer)
    {
        var client = new FakeLaneClient(id, onTimer);
        _lane.Clients[id] = client;
        return client;
    }

    private void Run(long until)
    {
        while (_lane.Timers.Now < until)
        {
            _time.Advance(LaneTimers.Resolution);
            _lane.Timers.Advance(_lane);
        }
    }
}
