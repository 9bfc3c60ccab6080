using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.Integration.Webhooks;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.BackEnds;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Monitoring;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;

namespace Fanout.Tests.Integration.Observability;

/// <summary>
/// Two nodes that carry messages, requests and webhooks, their Redis, the back end and the receiver behind them, and a Prometheus that watches them
/// with the alerts that we ship.
/// </summary>
internal sealed class MonitoredFleet : IAsyncDisposable
{
    public const int MaxConnections = 40;
    public const int MembersOfANode = 10;

    /// <summary>Events of webhooks that are kept: as few as can be set, and as many as a connection may have rooms.</summary>
    public const int MaxEvents = 100;

    public const string Room = "busy";
    public const string PlainRoom = "plain";

    /// <summary>The receiver of webhooks that works until a test says otherwise.</summary>
    public const string Hook = "hook";

    /// <summary>Another one, at the same place, for a test that keeps the nodes from sending to it.</summary>
    public const string Held = "held";

    private readonly CancellationTokenSource _stopping = new();
    private readonly List<IAsyncDisposable> _clients = [];
    private Task _traffic = Task.CompletedTask;

    private MonitoredFleet(OwnRedis redis, Receiver backEnd, WebhookReceiver hooks, RunningNode a, RunningNode b) =>
        (Redis, BackEnd, Hooks, A, B) = (redis, backEnd, hooks, a, b);

    public OwnRedis Redis { get; }

    /// <summary>Answers the method shop.look.</summary>
    public Receiver BackEnd { get; }

    public WebhookReceiver Hooks { get; }

    public RunningNode A { get; }

    public RunningNode B { get; }

    public PrometheusServer Prometheus { get; private set; } = null!;

    /// <param name="rules">Alerts for it to evaluate.</param>
    public static async Task<MonitoredFleet> StartAsync(string rules)
    {
        var redis = await OwnRedis.StartAsync(new OwnRedisOptions { Arguments = ["--maxmemory", "1gb"] });
        var backEnd = await Receiver.StartAsync();
        var hooks = await WebhookReceiver.StartAsync();
        var options = new NodeOptions().WithRedis(redis.ConnectionString).With(
            ("Fanout:Rooms:0:Pattern", PlainRoom),
            ("Fanout:Rooms:0:HistorySize", "0"),
            ("Fanout:Limits:MaxConnections", $"{MaxConnections}"),
            ("Fanout:Limits:MaxRooms", "1000"),
            ("Fanout:Limits:ConnectionsPerSecond", "1000"),
            ("Fanout:Limits:MaxBacklogBytes", "65536"),
            ("Fanout:Limits:StallTimeout", "00:00:02"),
            // Soon, so that the test need not wait for it.
            ("Fanout:Health:NotReadyAfter", "00:00:01"),
            ("Fanout:Lease:Renew", "00:00:01"),
            ("Fanout:Lease:Expire", "00:00:10"),
            ("Fanout:Telemetry:RedisInterval", "00:00:01"),
            ("Fanout:Rpc:Secret", "a secret for the tests"),
            ("Fanout:Rpc:Methods:0:Pattern", "shop.*"),
            ("Fanout:Rpc:Methods:0:Url", backEnd.Url + "shop"),
            ("Fanout:Rpc:Methods:0:BreakAfter", "5"),
            ("Fanout:Rpc:Methods:0:BreakFor", "00:00:10"),
            ("Fanout:WebhookQueue:VacatedDelay", "00:00:00"),
            ("Fanout:WebhookQueue:MaxEvents", $"{MaxEvents}"));
        foreach (var (name, i) in new[] { Hook, Held }.Select((name, i) => (name, i)))
        {
            options = options.With(
                ($"Fanout:Webhooks:{i}:Name", name),
                ($"Fanout:Webhooks:{i}:Url", hooks.Http.Url + name),
                ($"Fanout:Webhooks:{i}:Secret", WebhookReceiver.Secret),
                ($"Fanout:Webhooks:{i}:Events:0", "room.occupied"),
                ($"Fanout:Webhooks:{i}:Events:1", "room.vacated"),
                // Some seconds of failing, then they are dead.
                ($"Fanout:Webhooks:{i}:MaxAttempts", "4"),
                ($"Fanout:Webhooks:{i}:FirstRetry", "00:00:02"),
                ($"Fanout:Webhooks:{i}:LongestRetry", "00:00:04"));
        }

        var nodes = await Task.WhenAll(RunningNode.StartAsync(options.With(("Fanout:Node:Name", "a"))), RunningNode.StartAsync(options.With(("Fanout:Node:Name", "b"))));
        var fleet = new MonitoredFleet(redis, backEnd, hooks, nodes[0], nodes[1]);
        fleet.Prometheus = await PrometheusServer.StartAsync(rules, fleet.A.Process.AdminUri, fleet.B.Process.AdminUri);
        await fleet.BeginTrafficAsync();
        return fleet;
    }

    /// <summary>Polls Prometheus until the alert fires.</summary>
    public Task FiresAsync(string alert, string fault) => Eventually.TrueAsync(
        async () => (await Prometheus.FiringAsync()).Contains(alert), $"{alert} after this fault: {fault}", TimeSpan.FromSeconds(90), Prometheus.LogTail);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _traffic.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var client in _clients)
            await client.DisposeAsync();
        if (Prometheus is not null)
            await Prometheus.DisposeAsync();
        await A.DisposeAsync();
        await B.DisposeAsync();
        await BackEnd.DisposeAsync();
        await Hooks.DisposeAsync();
        await Redis.DisposeAsync();
        _stopping.Dispose();
    }

    // Some hundred deliveries a second on each node, by both ways in; and once each what leaves a trace in the metrics by itself.
    private async Task BeginTrafficAsync()
    {
        foreach (var node in new[] { A, B })
        {
            for (var i = 0; i < MembersOfANode; i++)
            {
                var member = await node.JoinAsync(Room, i % 2 == 0 ? TestClientOptions.Json : TestClientOptions.Msgpack);
                _clients.Add(member);
                await member.JoinAsync(PlainRoom);
                await member.LeaveAsync(PlainRoom);
            }
        }

        var publisher = (TestClient)_clients[0];
        await A.Api.GetAsync("/api/v1/nowhere");
        var asking = await A.ConnectAsync();
        _clients.Add(asking);
        _traffic = Task.WhenAll(PublishAsync(publisher, _stopping.Token), UseBackEndsAsync(asking, _stopping.Token));
    }

    // Requests, and a room that is entered and left: two events for each receiver. What is over before a node has looked is none, so it takes its time.
    private static async Task UseBackEndsAsync(TestClient client, CancellationToken stopping)
    {
        for (var round = 0; !stopping.IsCancellationRequested; round++)
        {
            try
            {
                await client.RequestAsync(new { type = "request", method = "shop.look" });
                if (round % 6 == 0)
                    await client.JoinAsync("visited");
                else if (round % 6 == 3)
                    await client.LeaveAsync("visited");
            }
            catch (Exception) when (!stopping.IsCancellationRequested)
            {
                // The faults that the test makes.
            }

            // A pace, not a wait for anything.
            await Task.Delay(TimeSpan.FromMilliseconds(250), TimeProvider.System, stopping);
        }
    }

    private async Task PublishAsync(TestClient publisher, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await publisher.PublishWithoutAckAsync(Room, JsonValue.Create(1));
                await A.Api.PublishAsync(Room, JsonValue.Create(2));
            }
            catch (Exception) when (!stopping.IsCancellationRequested)
            {
                // The faults that the test makes.
            }

            // A pace, not a wait for anything.
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, stopping);
        }
    }
}
