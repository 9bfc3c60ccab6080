using System.Diagnostics.Metrics;
using Fanout.Node.Backplane;
using Fanout.Node.Backplane.Redis;
using Fanout.Node.Diagnostics;
using Fanout.Tests.TestKit.Redis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fanout.Tests.Contract.Backplanes;

public sealed class RedisBackplaneTests(RedisFixture redis) : BackplaneContract
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private RedisScope _scope = null!;

    public override async ValueTask InitializeAsync()
    {
        _scope = await redis.CreateScopeAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _scope.DisposeAsync();
        await _services.DisposeAsync();
    }

    internal override IBackplane Create(string nodeName) => new RedisBackplane(
        new NodeIdentity(nodeName),
        new RedisOptions { ConnectionString = _scope.ConnectionString, Prefix = _scope.Prefix },
        new LeaseOptions { Renew = TimeSpan.FromMilliseconds(200), Expire = TimeSpan.FromSeconds(5) },
        new HealthOptions { ProbeInterval = TimeSpan.FromMilliseconds(200) },
        Policies.All,
        new FakeStatus(nodeName),
        TimeProvider.System,
        new FanoutMetrics(_services.GetRequiredService<IMeterFactory>()),
        NullLoggerFactory.Instance);

    internal override async Task<IReadOnlyList<string>> TracesOfAsync(string nodeId)
    {
        var traces = (await _scope.KeysAsync()).Where(key => key.Contains(nodeId, StringComparison.Ordinal)).ToList();
        foreach (var key in (await _scope.KeysAsync()).Where(key => key.EndsWith(":members", StringComparison.Ordinal)))
        {
            var members = await _scope.Database.SetMembersAsync(key);
            traces.AddRange(members.Select(member => member.ToString()).Where(member => member.StartsWith(nodeId + "/", StringComparison.Ordinal)));
        }

        if (await _scope.Database.SortedSetScoreAsync(_scope.Key("nodes"), nodeId) is not null)
            traces.Add("the lease");
        return traces;
    }
}
