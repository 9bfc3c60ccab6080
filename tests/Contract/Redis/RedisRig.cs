using System.Diagnostics.Metrics;
using Fanout.Node.Backplane;
using Fanout.Node.Backplane.Redis;
using Fanout.Node.Diagnostics;
using Fanout.Node.Webhooks;
using Fanout.Tests.Contract.Backplanes;
using Fanout.Tests.TestKit.Redis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fanout.Tests.Contract.Redis;

/// <summary>A Redis of one's own, to be put into bad states, and nodes on it.</summary>
internal sealed class RedisRig : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly List<TestNode> _nodes = [];

    private RedisRig(OwnRedis server, RedisScope scope) => (Server, Scope) = (server, scope);

    public OwnRedis Server { get; }

    public RedisScope Scope { get; }

    public LeaseOptions Lease { get; } = new() { Renew = TimeSpan.FromMilliseconds(100), Expire = TimeSpan.FromSeconds(1) };

    public static async Task<RedisRig> StartAsync(params string[] arguments)
    {
        var server = await OwnRedis.StartAsync(new OwnRedisOptions { Arguments = arguments });
        return new RedisRig(server, await RedisScope.CreateAsync(server.ConnectionString, cleanUp: false));
    }

    /// <summary>A node that is among the others.</summary>
    public async Task<TestNode> StartNodeAsync(string name, int minReplicas = 0, HealthOptions? health = null, WebhookPlan? webhooks = null)
    {
        var node = new TestNode(new RedisBackplane(
            new NodeIdentity(name),
            new RedisOptions
            {
                ConnectionString = Scope.ConnectionString,
                Prefix = Scope.Prefix,
                MinReplicas = minReplicas,
                CommandTimeout = TimeSpan.FromSeconds(2),
            },
            Lease,
            health ?? new HealthOptions { ProbeInterval = TimeSpan.FromMilliseconds(200) },
            Policies.All,
            new FakeStatus(name),
            TimeProvider.System,
            new FanoutMetrics(_services.GetRequiredService<IMeterFactory>()),
            NullLoggerFactory.Instance,
            webhooks: webhooks));
        _nodes.Add(node);
        await node.StartAsync();
        return node;
    }

    /// <summary>The time of the node's last beat, in Redis's clock; null if it has no lease.</summary>
    public Task<double?> LeaseAsync(TestNode node) => Scope.Database.SortedSetScoreAsync(Scope.Key("nodes"), node.Backplane.NodeId);

    /// <summary>Has Redis refuse, from now on, whatever could need memory.</summary>
    public Task FillMemoryAsync() => Scope.Server.ConfigSetAsync("maxmemory", "1mb");

    /// <summary>Ends a node without its telling anybody.</summary>
    public async Task KillAsync(TestNode node)
    {
        _nodes.Remove(node);
        await node.Backplane.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        await Scope.DisposeAsync();
        await Server.DisposeAsync();
        await _services.DisposeAsync();
    }
}
