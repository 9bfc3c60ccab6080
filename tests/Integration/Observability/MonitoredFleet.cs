using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Monitoring;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;

namespace Fanout.Tests.Integration.Observability;

/// <summary>Two nodes that carry some messages, their Redis, and a Prometheus that watches them with the alerts that we ship.</summary>
internal sealed class MonitoredFleet : IAsyncDisposable
{
    public const int MaxConnections = 30;
    public const string Room = "busy";
    public const string PlainRoom = "plain";

    private readonly CancellationTokenSource _stopping = new();
    private readonly List<IAsyncDisposable> _clients = [];
    private Task _traffic = Task.CompletedTask;

    private MonitoredFleet(OwnRedis redis, RunningNode a, RunningNode b) => (Redis, A, B) = (redis, a, b);

    public OwnRedis Redis { get; }

    public RunningNode A { get; }

    public RunningNode B { get; }

    public PrometheusServer Prometheus { get; private set; } = null!;

    /// <param name="rules">Alerts for it to evaluate.</param>
    public static async Task<MonitoredFleet> StartAsync(string rules)
    {
        var redis = await OwnRedis.StartAsync(new OwnRedisOptions { Arguments = ["--maxmemory", "1gb"] });
        var options = new NodeOptions().WithRedis(redis.ConnectionString).With(
            ("Fanout:Rooms:0:Pattern", PlainRoom),
            ("Fanout:Rooms:0:HistorySize", "0"),
            ("Fanout:Limits:MaxConnections", $"{MaxConnections}"),
            ("Fanout:Limits:MaxRooms", "1000"),
            ("Fanout:Limits:MaxBacklogBytes", "65536"),
            ("Fanout:Limits:StallTimeout", "00:00:02"),
            // Soon, so that the test need not wait for it.
            ("Fanout:Health:NotReadyAfter", "00:00:01"),
            ("Fanout:Lease:Renew", "00:00:01"),
            ("Fanout:Lease:Expire", "00:00:05"),
            ("Fanout:Telemetry:RedisInterval", "00:00:01"));
        var nodes = await Task.WhenAll(RunningNode.StartAsync(options.With(("Fanout:Node:Name", "a"))), RunningNode.StartAsync(options.With(("Fanout:Node:Name", "b"))));
        var fleet = new MonitoredFleet(redis, nodes[0], nodes[1]);
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
        await Redis.DisposeAsync();
        _stopping.Dispose();
    }

    // A few messages a second on each node, by both ways in; and once each what leaves a trace in the metrics by itself.
    private async Task BeginTrafficAsync()
    {
        foreach (var node in new[] { A, B })
        {
            var member = await node.JoinAsync(Room);
            _clients.Add(member);
            await member.JoinAsync(PlainRoom);
            await member.LeaveAsync(PlainRoom);
        }

        var publisher = (TestClient)_clients[0];
        await A.Api.GetAsync("/api/v1/nowhere");
        _traffic = PublishAsync(publisher, _stopping.Token);
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
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, stopping);
        }
    }
}
