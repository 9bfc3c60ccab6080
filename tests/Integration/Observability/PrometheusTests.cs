using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using StackExchange.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Observability;

/// <summary>A real Prometheus watches two real nodes: each panel shows something, and each alert fires when its fault is made.</summary>
public sealed partial class PrometheusTests
{
    // What a slow test machine may set off by itself.
    private static readonly string[] MayFireByThemselves = ["FanoutDeliverySlow", "FanoutLeaseLate"];

    private readonly HashSet<string> _fired = [];

    // They begin with the first request to a back end or the first webhook; this fleet has neither.
    [GeneratedRegex("^fanout_(rpc|webhooks)_")]
    private static partial Regex OfBackEnds();

    [Fact]
    public async Task EveryPanel_ShowsSomething_AndEveryMetricIsDocumented()
    {
        await using var fleet = await MonitoredFleet.StartAsync(Deployed.Rules);

        foreach (var (file, panel, expression) in Deployed.Queries)
        {
            var query = expression.Replace("$__rate_interval", "1m", StringComparison.Ordinal).Replace("$instance", ".*", StringComparison.Ordinal);
            await Eventually.TrueAsync(
                async () => (await fleet.Prometheus.QueryAsync(query)).Count > 0, $"data of panel '{panel}' in {file}: {query}", TimeSpan.FromSeconds(60), fleet.Prometheus.LogTail);
        }

        var metrics = ((await fleet.A.Api.GetAsync("/metrics")).Text + (await fleet.B.Api.GetAsync("/metrics")).Text)
            .Split('\n').Where(line => line.StartsWith("# TYPE fanout_", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).ToHashSet();
        Assert.Empty(metrics.Except(Deployed.DocumentedMetrics));
        Assert.DoesNotContain(Deployed.DocumentedMetrics.Except(metrics), name => !OfBackEnds().IsMatch(name));
    }

    // One after the other on one fleet: the harmless first, the loss of Redis and of a node last.
    [Fact]
    public async Task EveryAlert_FiresOnItsFault_AndNoneWithoutOne()
    {
        await using var fleet = await MonitoredFleet.StartAsync(HoldTimes().Replace(Deployed.Rules, "for: 1s"));
        await Eventually.TrueAsync(
            async () => (await fleet.Prometheus.QueryAsync("rate(fanout_messages_delivered_total[1m]) > 0")).Count == 2, "both nodes' deliveries", TimeSpan.FromSeconds(60), fleet.Prometheus.LogTail);
        Assert.Empty((await fleet.Prometheus.FiringAsync()).Except(MayFireByThemselves));

        await UndecodableMessageAsync(fleet);
        await ClientsOfAnotherEpochAsync(fleet);
        await RefusedClientAsync(fleet);
        await SlowReadersAsync(fleet);
        await FullNodeAsync(fleet);
        await SlowRedisAsync(fleet);
        await FullRedisAsync(fleet);
        await LostRedisAsync(fleet);
        await KilledNodeAsync(fleet);

        // An alert that nobody has seen firing is a guess.
        Assert.Equal(Deployed.Alerts.Order(), _fired.Order());
    }

    private async Task UndecodableMessageAsync(MonitoredFleet fleet)
    {
        await using var redis = await fleet.Redis.ConnectAsync();
        await redis.GetSubscriber().PublishAsync(RedisChannel.Literal("fanout:{busy}"), new byte[] { 1, 0xff });
        await ExpectAsync(fleet, "a message that no node can read", "FanoutMessagesDropped");
    }

    private async Task ClientsOfAnotherEpochAsync(MonitoredFleet fleet)
    {
        await using var client = await fleet.A.ConnectAsync();
        for (var i = 0; i < 5; i++)
        {
            var joined = await client.JoinSinceAsync(MonitoredFleet.Room, "00000000000000000000000000000000", 1);
            Assert.False(joined.Payload().Flag("recovered"));
            await client.LeaveAsync(MonitoredFleet.Room);
        }

        await ExpectAsync(fleet, "clients of an epoch that is over", "FanoutClientsNotRecovered");
    }

    private async Task RefusedClientAsync(MonitoredFleet fleet)
    {
        await using var client = await fleet.A.ConnectAsync();
        // Over five minutes these are more than five a second.
        for (var i = 0; i < 2_500; i++)
            await client.SendAsync(new { type = "ping" });
        await ExpectAsync(fleet, "a client in a loop", "FanoutRefusing");
    }

    private async Task SlowReadersAsync(MonitoredFleet fleet)
    {
        var slow = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => fleet.B.ConnectAsync(new TestClientOptions { ReceiveBufferBytes = 4096 })));
        foreach (var client in slow)
        {
            await client.JoinAsync(MonitoredFleet.PlainRoom);
            client.PauseReading();
        }

        var large = new string('x', 32 * 1024);
        await Eventually.TrueAsync(
            async () =>
            {
                await fleet.A.Api.PublishAsync(MonitoredFleet.PlainRoom, large);
                return ClosedForSlowness().Match((await fleet.B.Api.GetAsync("/metrics")).Text) is { Success: true } match && match.Groups[1].Value == "8";
            },
            "the slow readers to be cut",
            TimeSpan.FromSeconds(60));
        await ExpectAsync(fleet, "members that do not read", "FanoutSlowConsumersRising");
        foreach (var client in slow)
            await client.DisposeAsync();
    }

    private async Task FullNodeAsync(MonitoredFleet fleet)
    {
        var crowd = await Task.WhenAll(Enumerable.Range(0, MonitoredFleet.MaxConnections - 2).Select(_ => fleet.B.ConnectAsync()));
        await ExpectAsync(fleet, "a node that is nearly full", "FanoutNearLimit");
        foreach (var client in crowd)
            await client.DisposeAsync();
    }

    // Messages that were published before the pause are delivered behind it.
    private async Task SlowRedisAsync(MonitoredFleet fleet)
    {
        await using var client = await fleet.A.ConnectAsync();
        fleet.Redis.Pause();
        for (var i = 0; i < 100; i++)
            await client.PublishWithoutAckAsync(MonitoredFleet.Room, JsonValue.Create(i));
        // The fault itself: so long does Redis stand still.
        await Task.Delay(TimeSpan.FromSeconds(2.2), TimeProvider.System, TestContext.Current.CancellationToken);
        fleet.Redis.Resume();
        await ExpectAsync(fleet, "a Redis that stood still for two seconds", "FanoutDeliverySlow");
    }

    private async Task FullRedisAsync(MonitoredFleet fleet)
    {
        await using var redis = await fleet.Redis.ConnectAsync();
        var database = redis.GetDatabase();
        for (var i = 0; i < 20; i++)
            await database.StringSetAsync("filler:" + i, new byte[1024 * 1024], TimeSpan.FromMinutes(15));
        var used = long.Parse((await redis.GetServer(fleet.Redis.ConnectionString).InfoAsync("memory"))[0].Single(field => field.Key == "used_memory").Value, CultureInfo.InvariantCulture);
        await database.ExecuteAsync("CONFIG", "SET", "maxmemory", used + (used / 10));
        await ExpectAsync(fleet, "a Redis that is nearly full", "FanoutRedisMemory");

        await database.ExecuteAsync("CONFIG", "SET", "maxmemory-policy", "volatile-ttl");
        await database.StringSetAsync("one more", new byte[4 * 1024 * 1024], TimeSpan.FromMinutes(15));
        await ExpectAsync(fleet, "a Redis that evicts", "FanoutRedisEvicts");
        await database.ExecuteAsync("CONFIG", "SET", "maxmemory", "1gb");
    }

    private async Task LostRedisAsync(MonitoredFleet fleet)
    {
        await fleet.Redis.KillAsync();
        await ExpectAsync(
            fleet, "a Redis that is gone", "FanoutBackplaneDegraded", "FanoutSubscriptionsMissing", "FanoutNodeNotReady", "FanoutLeaseLate", "FanoutPublishesFail");
        await fleet.Redis.StartAgainAsync(wipe: true);
        await ExpectAsync(fleet, "a Redis that came back without its data", "FanoutGapsUnrecovered");
        await fleet.A.Process.WaitUntilReadyAsync();
    }

    private async Task KilledNodeAsync(MonitoredFleet fleet)
    {
        await fleet.B.Process.WaitUntilReadyAsync();
        await fleet.B.Process.KillAsync();
        await ExpectAsync(fleet, "a node that was killed", "FanoutNodeCountFell", "FanoutLeaseReaped");
    }

    private async Task ExpectAsync(MonitoredFleet fleet, string fault, params string[] alerts)
    {
        foreach (var alert in alerts)
        {
            await fleet.FiresAsync(alert, fault);
            _fired.Add(alert);
        }
    }

    [GeneratedRegex(@"for: \w+")]
    private static partial Regex HoldTimes();

    [GeneratedRegex(@"fanout_connections_closed_total\{[^}]*reason=""slow_consumer""\} (\d+)")]
    private static partial Regex ClosedForSlowness();
}
