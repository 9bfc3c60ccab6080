using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using StackExchange.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Observability;

/// <summary>A real Prometheus watches two real nodes: each panel shows something, and each alert fires when its fault is made, and not before.</summary>
public sealed partial class PrometheusTests
{
    // What a slow test machine may set off by itself: then the test waits until it is over, and makes the fault after that.
    private static readonly string[] MayFireByThemselves = ["FanoutDeliverySlow", "FanoutNodeCountFell"];

    private readonly HashSet<string> _begun = [];
    private readonly HashSet<string> _fired = [];

    [Fact]
    public async Task EveryPanel_ShowsSomething_AndEveryMetricIsDocumented()
    {
        await using var fleet = await MonitoredFleet.StartAsync(Deployed.Rules);

        foreach (var query in Deployed.Queries)
        {
            var expression = ForTheTest(query.Expression);
            var series = await Eventually.ValueAsync(
                async () => (await fleet.Prometheus.QueryAsync(expression)).Where(HasValue).ToList() is { Count: > 0 } found ? found : null,
                found => found is not null,
                $"data of panel '{query.Panel}' in {query.File}: {expression}",
                TimeSpan.FromSeconds(60),
                fleet.Prometheus.LogTail);
            // What a legend names, the series have; or their lines could not be told apart. Only a path that nothing serves has no route.
            foreach (var label in LegendLabel().Matches(query.Legend).Select(match => match.Groups[1].Value).Where(label => label != "http_route"))
                Assert.All(series!, one => Assert.True(((JsonObject)one!["metric"]!).ContainsKey(label), $"panel '{query.Panel}' in {query.File}: {one} has no {label}"));
        }

        // A scrape that came late counts as none.
        await Eventually.ValueAsync(() => ValueAsync(fleet, "fanout:nodes_up:count"), count => count == "2", "both nodes counted");
        var metrics = ((await fleet.A.Api.GetAsync("/metrics")).Text + (await fleet.B.Api.GetAsync("/metrics")).Text)
            .Split('\n').Where(line => line.StartsWith("# TYPE fanout_", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).ToHashSet();
        Assert.Empty(metrics.Except(Deployed.DocumentedMetrics));
        Assert.Empty(Deployed.DocumentedMetrics.Except(metrics));
    }

    // One after the other on one fleet: the harmless first, the loss of Redis and of a node last.
    [Fact]
    public async Task EveryAlert_FiresOnItsFault_AndNoneWithoutOne()
    {
        await using var fleet = await MonitoredFleet.StartAsync(HoldTimes().Replace(Deployed.Rules, "for: 1s"));
        await Eventually.TrueAsync(
            async () => (await fleet.Prometheus.QueryAsync("rate(fanout_messages_delivered_total[1m]) > 0")).Count == 2, "both nodes' deliveries", TimeSpan.FromSeconds(60), fleet.Prometheus.LogTail);

        await using var redis = await fleet.Redis.ConnectAsync();
        var sender = (RedisKey)$"fanout:{{$webhooks}}:sender:{MonitoredFleet.Held}";
        // A minute must pass until that is seen.
        await BeginAsync(fleet, () => redis.GetDatabase().StringSetAsync(sender, "nobody"), "FanoutWebhooksStuck");
        await UndecodableMessageAsync(fleet);
        await ClientsOfAnotherEpochAsync(fleet);
        await RefusedClientAsync(fleet);
        await SlowReadersAsync(fleet);
        await FullNodeAsync(fleet);
        await FailingBackEndAsync(fleet);
        await FailingReceiverAsync(fleet);
        await FiresAsync(fleet, "a receiver that no node sends to", "FanoutWebhooksStuck");
        await LostEventsAsync(fleet, () => redis.GetDatabase().KeyDeleteAsync(sender));
        await SlowRedisAsync(fleet);
        await LostRedisAsync(fleet);
        await FullRedisAsync(fleet);
        await KilledNodeAsync(fleet);

        // An alert that nobody has seen firing is a guess.
        Assert.Equal(Deployed.Alerts.Order(), _fired.Order());
    }

    private Task UndecodableMessageAsync(MonitoredFleet fleet) => FaultAsync(
        fleet,
        "a message that no node can read",
        async () =>
        {
            await using var redis = await fleet.Redis.ConnectAsync();
            await redis.GetSubscriber().PublishAsync(RedisChannel.Literal("fanout:{busy}"), new byte[] { 1, 0xff });
        },
        "FanoutMessagesDropped");

    private Task ClientsOfAnotherEpochAsync(MonitoredFleet fleet) => FaultAsync(
        fleet,
        "clients of an epoch that is over",
        async () =>
        {
            await using var client = await fleet.A.ConnectAsync();
            for (var i = 0; i < 5; i++)
            {
                var joined = await client.JoinSinceAsync(MonitoredFleet.Room, "00000000000000000000000000000000", 1);
                Assert.False(joined.Payload().Flag("recovered"));
                await client.LeaveAsync(MonitoredFleet.Room);
            }
        },
        "FanoutClientsNotRecovered");

    private async Task RefusedClientAsync(MonitoredFleet fleet)
    {
        await using var client = await fleet.A.ConnectAsync();
        await FaultAsync(
            fleet,
            "a client in a loop",
            async () =>
            {
                // Over five minutes these are more than five a second.
                for (var i = 0; i < 2_500; i++)
                    await client.SendAsync(new { type = "ping" });
            },
            "FanoutRefusing");
    }

    private async Task SlowReadersAsync(MonitoredFleet fleet)
    {
        var slow = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => fleet.B.ConnectAsync(new TestClientOptions { ReceiveBufferBytes = 4096 })));
        foreach (var client in slow)
            await client.JoinAsync(MonitoredFleet.PlainRoom);
        await FaultAsync(
            fleet,
            "members that do not read",
            async () =>
            {
                foreach (var client in slow)
                    client.PauseReading();
                var large = new string('x', 32 * 1024);
                await Eventually.TrueAsync(
                    async () =>
                    {
                        await fleet.A.Api.PublishAsync(MonitoredFleet.PlainRoom, large);
                        return ClosedForSlowness().Match((await fleet.B.Api.GetAsync("/metrics")).Text) is { Success: true } match && int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) >= slow.Length;
                    },
                    "the slow readers to be cut",
                    TimeSpan.FromSeconds(60));
            },
            "FanoutSlowConsumersRising");
        foreach (var client in slow)
            await client.DisposeAsync();
    }

    private async Task FullNodeAsync(MonitoredFleet fleet)
    {
        TestClient[] crowd = [];
        await FaultAsync(
            fleet,
            "a node that is nearly full",
            async () => crowd = await Task.WhenAll(Enumerable.Range(0, MonitoredFleet.MaxConnections - MonitoredFleet.MembersOfANode - 2).Select(_ => fleet.B.ConnectAsync())),
            "FanoutNearLimit");
        foreach (var client in crowd)
            await client.DisposeAsync();
    }

    private async Task FailingBackEndAsync(MonitoredFleet fleet)
    {
        await FaultAsync(
            fleet,
            "a back end that fails",
            () =>
            {
                fleet.BackEnd.Answer = static (_, context) =>
                {
                    context.Response.StatusCode = 503;
                    return Task.CompletedTask;
                };
                return Task.CompletedTask;
            },
            "FanoutBackEndFails",
            "FanoutCircuitOpen");
        fleet.BackEnd.Reset();
    }

    private async Task FailingReceiverAsync(MonitoredFleet fleet)
    {
        await FaultAsync(
            fleet,
            "a receiver that fails",
            () =>
            {
                fleet.Hooks.Status = static call => call.Path == "/" + MonitoredFleet.Hook ? 503 : 200;
                return Task.CompletedTask;
            },
            "FanoutWebhooksFailing",
            "FanoutWebhooksDead");
        fleet.Hooks.Status = static _ => 200;
    }

    // More events than are kept, and only then somebody who sends them.
    private async Task LostEventsAsync(MonitoredFleet fleet, Func<Task> release)
    {
        var visitors = await Task.WhenAll(fleet.A.ConnectAsync(), fleet.A.ConnectAsync());
        await FaultAsync(
            fleet,
            "events that nobody took in time",
            async () =>
            {
                for (var i = 0; i < MonitoredFleet.MaxEvents; i++)
                {
                    foreach (var visitor in visitors)
                        await visitor.JoinAsync($"of-{visitor.ClientId}-{i}");
                }

                await Eventually.TrueAsync(
                    async () => (await fleet.Prometheus.QueryAsync($"max(fanout_webhooks_pending{{endpoint=\"{MonitoredFleet.Held}\"}}) > {MonitoredFleet.MaxEvents + 10}")).Count > 0,
                    "more events that wait than are kept",
                    TimeSpan.FromSeconds(60));
                await release();
            },
            "FanoutWebhooksLost");
        foreach (var visitor in visitors)
            await visitor.DisposeAsync();
    }

    // Messages that were published before the pause are delivered behind it.
    private async Task SlowRedisAsync(MonitoredFleet fleet)
    {
        var clients = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => fleet.A.ConnectAsync()));
        await FaultAsync(
            fleet,
            "a Redis that stood still for two seconds",
            async () =>
            {
                fleet.Redis.Pause();
                for (var i = 0; i < 150; i++)
                {
                    foreach (var client in clients)
                        await client.PublishWithoutAckAsync(MonitoredFleet.Room, JsonValue.Create(i));
                }

                // The fault itself: so long does Redis stand still.
                await Task.Delay(TimeSpan.FromSeconds(2.2), TimeProvider.System, TestContext.Current.CancellationToken);
                fleet.Redis.Resume();
            },
            "FanoutDeliverySlow");
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    private async Task LostRedisAsync(MonitoredFleet fleet)
    {
        await FaultAsync(
            fleet,
            "a Redis that is gone",
            fleet.Redis.KillAsync,
            "FanoutBackplaneDegraded",
            "FanoutSubscriptionsMissing",
            "FanoutNodeNotReady",
            "FanoutLeaseLate",
            "FanoutPublishesFail");

        // Panels that are 0 while all is well show it too: a query that finds nothing would also be 0.
        var guarded = Deployed.Queries.Where(query => query.Expression.Contains("or vector(0)", StringComparison.Ordinal)).ToList();
        Assert.Equal(["Alerts firing", "Backplane degraded", "Not ready"], guarded.Select(query => query.Panel).Order());
        foreach (var query in guarded)
            await Eventually.ValueAsync(() => ValueAsync(fleet, ForTheTest(query.Expression)), value => value != "0", $"a value of '{query.Panel}'");

        await FaultAsync(fleet, "a Redis that came back without its data", () => fleet.Redis.StartAgainAsync(wipe: true), "FanoutGapsUnrecovered");
        await fleet.A.Process.WaitUntilReadyAsync();
        await fleet.B.Process.WaitUntilReadyAsync();
    }

    private async Task FullRedisAsync(MonitoredFleet fleet)
    {
        await using var redis = await fleet.Redis.ConnectAsync();
        var database = redis.GetDatabase();
        await FaultAsync(
            fleet,
            "a Redis that is nearly full",
            async () =>
            {
                for (var i = 0; i < 20; i++)
                    await database.StringSetAsync("filler:" + i, new byte[1024 * 1024], TimeSpan.FromMinutes(10));
                var used = long.Parse((await redis.GetServer(fleet.Redis.ConnectionString).InfoAsync("memory"))[0].Single(field => field.Key == "used_memory").Value, CultureInfo.InvariantCulture);
                await database.ExecuteAsync("CONFIG", "SET", "maxmemory", used + (used / 10));
            },
            "FanoutRedisMemory");
        await FaultAsync(
            fleet,
            "a Redis that evicts",
            async () =>
            {
                // The fillers end soonest, so it takes them.
                await database.ExecuteAsync("CONFIG", "SET", "maxmemory-policy", "volatile-ttl");
                await database.StringSetAsync("one more", new byte[4 * 1024 * 1024], TimeSpan.FromMinutes(10));
            },
            "FanoutRedisEvicts");
        await database.ExecuteAsync("CONFIG", "SET", "maxmemory", "1gb");
    }

    private async Task KilledNodeAsync(MonitoredFleet fleet)
    {
        await FaultAsync(fleet, "a node that was killed", fleet.B.Process.KillAsync, "FanoutNodeCountFell", "FanoutLeaseReaped");
        await Eventually.ValueAsync(() => ValueAsync(fleet, "fanout:nodes_up:count"), count => count == "1", "one node counted");
    }

    /// <summary>Makes a fault, before which these alerts are silent, and behind which they fire.</summary>
    private async Task FaultAsync(MonitoredFleet fleet, string fault, Func<Task> make, params string[] alerts)
    {
        await BeginAsync(fleet, make, alerts);
        await FiresAsync(fleet, fault, alerts);
    }

    private async Task BeginAsync(MonitoredFleet fleet, Func<Task> make, params string[] alerts)
    {
        // Nothing has fired, since the start, whose fault has not been made.
        Assert.Empty((await fleet.Prometheus.EverFiredAsync()).Except(_begun).Except(MayFireByThemselves));
        foreach (var alert in alerts.Intersect(MayFireByThemselves))
            await Eventually.TrueAsync(async () => !(await fleet.Prometheus.FiringAsync()).Contains(alert), $"{alert} to be silent before its fault", TimeSpan.FromMinutes(2));
        _begun.UnionWith(alerts);
        await make();
    }

    private async Task FiresAsync(MonitoredFleet fleet, string fault, params string[] alerts)
    {
        foreach (var alert in alerts)
        {
            await fleet.FiresAsync(alert, fault);
            _fired.Add(alert);
        }
    }

    private static async Task<string?> ValueAsync(MonitoredFleet fleet, string query) => (string?)Assert.Single(await fleet.Prometheus.QueryAsync(query))!["value"]![1];

    private static bool HasValue(JsonNode? series) => (string?)series!["value"]![1] != "NaN";

    private static string ForTheTest(string expression) =>
        expression.Replace("$__rate_interval", "1m", StringComparison.Ordinal).Replace("$instance", ".*", StringComparison.Ordinal);

    [GeneratedRegex(@"for: \w+")]
    private static partial Regex HoldTimes();

    [GeneratedRegex(@"\{\{(\w+)\}\}")]
    private static partial Regex LegendLabel();

    [GeneratedRegex(@"fanout_connections_closed_total\{[^}]*reason=""slow_consumer""\} (\d+)")]
    private static partial Regex ClosedForSlowness();
}
