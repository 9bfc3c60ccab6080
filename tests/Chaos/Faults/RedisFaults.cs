using System.Collections.Concurrent;
using Fanout.Tests.Chaos.Cluster;
using Fanout.Tests.Chaos.Recordings;
using Fanout.Tests.Chaos.Workload;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Redis;
using StackExchange.Redis;

namespace Fanout.Tests.Chaos.Faults;

internal sealed class RedisFaults(Fleet fleet, ConnectionMultiplexer admin, RunClock clock)
{
    // Enough for a node to subscribe again.
    private static readonly TimeSpan BetweenKills = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentQueue<Outage> _outages = new();

    public IReadOnlyList<Outage> Outages => [.. _outages];

    public Task RunAsync(FaultStep step) => step.Kind switch
    {
        FaultKind.SubscriptionsKilled => KillSubscriptionsAsync(step),
        FaultKind.CommandsKilled => admin.KillClientsAsync("normal"),
        FaultKind.RedisRestarted => RestartAsync(step, wipe: false),
        FaultKind.RedisWiped => RestartAsync(step, wipe: true),
        FaultKind.RedisAsleep => SleepAsync(step),
        FaultKind.RedisStopped => StopAsync(step),
        FaultKind.MemoryFull => FillAsync(step),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step.Kind, "No fault of Redis"),
    };

    // Again and again: each time every room of every node is compared while messages are on their way, which is where a message comes both
    // by a reading and live.
    private async Task KillSubscriptionsAsync(FaultStep step)
    {
        var end = clock.Now + step.Lasts;
        do
        {
            await admin.KillClientsAsync("pubsub");
            await Task.Delay(BetweenKills);
        }
        while (clock.Now < end);
    }

    private async Task RestartAsync(FaultStep step, bool wipe)
    {
        var from = clock.Now;
        if (step.Variant % 2 == 0)
            await fleet.Redis.KillAsync();
        else
            await fleet.Redis.StopAsync();
        await Task.Delay(step.Lasts);
        await fleet.Redis.StartAgainAsync(wipe);
        _outages.Enqueue(new Outage(from, clock.Now, wipe));
        await Eventually.TrueAsync(() => admin.IsConnected, "the tests' own connection to the new Redis");
    }

    private async Task SleepAsync(FaultStep step)
    {
        try
        {
            await Server.ExecuteAsync("DEBUG", "SLEEP", step.Lasts.TotalSeconds);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // It sleeps: that the answer was late is the point.
        }
    }

    private async Task StopAsync(FaultStep step)
    {
        fleet.Redis.Pause();
        await Task.Delay(step.Lasts);
        fleet.Redis.Resume();
    }

    private async Task FillAsync(FaultStep step)
    {
        await Server.ConfigSetAsync("maxmemory", "1");
        await Task.Delay(step.Lasts);
        await Eventually.TrueAsync(
            async () =>
            {
                await Server.ConfigSetAsync("maxmemory", "0");
                return true;
            },
            "Redis to have memory again");
    }

    private IServer Server => admin.GetServer(fleet.Redis.ConnectionString);
}
