using Fanout.Tests.Chaos.Workload;
using Fanout.Tests.TestKit.Faults;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;

namespace Fanout.Tests.Chaos.Cluster;

/// <summary>Three nodes and a Redis that belong to one run. Each node reaches Redis through a proxy of its own.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    private const int Size = 3;

    // As short as two busy cores allow, so that a run of a minute sees leases end and come back.
    private static readonly (string, string?)[] Settings =
    [
        ("Fanout:Lease:Renew", "00:00:00.5"),
        ("Fanout:Lease:Expire", LeaseExpiry.ToString("c")),
        ("Fanout:Health:ProbeInterval", "00:00:00.5"),
        ("Fanout:Health:ProbeTimeout", "00:00:01"),
        ("Fanout:Redis:CommandTimeout", "00:00:02"),
        ("Fanout:Heartbeat:Interval", "00:00:03"),
        ("Fanout:Heartbeat:Timeout", "00:00:09"),
        ("Fanout:Drain:Notice", "00:00:00"),
        ("Fanout:Drain:Window", "00:00:01"),
        ("Fanout:Drain:Deadline", "00:00:03"),
        ("Fanout:Limits:MessagesPerSecond", "0"),
        // Small, so that slow readers come to the bound.
        ("Fanout:Limits:MaxBacklogBytes", "262144"),
    ];

    private Fleet(OwnRedis redis, IReadOnlyList<NodeSlot> slots) => (Redis, Slots) = (redis, slots);

    public static TimeSpan LeaseExpiry => TimeSpan.FromSeconds(2);

    public OwnRedis Redis { get; }

    public IReadOnlyList<NodeSlot> Slots { get; }

    /// <param name="settings">Win over those of every run.</param>
    public static async Task<Fleet> StartAsync(params (string, string?)[] settings)
    {
        // DEBUG SLEEP is off by default since Redis 7.
        var redis = await OwnRedis.StartAsync(new OwnRedisOptions { AppendOnly = true, Arguments = ["--enable-debug-command", "yes"] });
        var options = new NodeOptions { WaitUntilReady = false }.With([.. Settings, .. Room.Settings(), .. settings]);
        var slots = Enumerable.Range(1, Size).Select(number => new NodeSlot(number, FaultProxy.Start(redis.ConnectionString), options)).ToList();
        var fleet = new Fleet(redis, slots);
        try
        {
            await Task.WhenAll(slots.Select(slot => slot.StartAsync()));
            await fleet.WaitUntilReadyAsync();
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>Any node, as a load balancer without health checks would choose.</summary>
    public NodeSlot AnySlot(Random random) => Slots[random.Next(Slots.Count)];

    public Uri Any(Random random) => AnySlot(random).BaseUri;

    public Task WaitUntilReadyAsync() => Task.WhenAll(Slots.Select(slot => slot.Node.WaitUntilReadyAsync()));

    public async ValueTask DisposeAsync()
    {
        foreach (var slot in Slots)
            await slot.DisposeAsync();
        await Redis.DisposeAsync();
    }
}
