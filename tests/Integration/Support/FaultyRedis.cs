using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Faults;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;

namespace Fanout.Tests.Integration.Support;

/// <summary>A node whose way to Redis goes through a proxy that can be broken; the test itself looks at Redis directly.</summary>
internal sealed class FaultyRedis : IAsyncDisposable
{
    private FaultyRedis(RedisScope redis, FaultProxy proxy, RunningNode node) => (Redis, Proxy, Node) = (redis, proxy, node);

    public RedisScope Redis { get; }

    public FaultProxy Proxy { get; }

    public RunningNode Node { get; }

    /// <summary>Quick probes, so that an outage is noticed at once; time limits that a busy machine does not reach without one.</summary>
    public static NodeOptions Quick(NodeOptions options) => options.With(
        ("Fanout:Health:ProbeInterval", "00:00:00.2"),
        ("Fanout:Health:ProbeTimeout", "00:00:03"),
        ("Fanout:Health:NotReadyAfter", "00:00:00.5"),
        ("Fanout:Redis:CommandTimeout", "00:00:05"),
        ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey));

    /// <param name="reachable">False starts the node while nobody listens where its Redis should be.</param>
    public static async Task<FaultyRedis> StartAsync(RedisFixture fixture, bool reachable = true)
    {
        var redis = await fixture.CreateScopeAsync();
        var proxy = FaultProxy.Start(redis.ConnectionString.Split(',')[0]);
        if (!reachable)
            proxy.RefuseNew();
        var options = Quick(new NodeOptions { WaitUntilReady = reachable }).WithRedis(proxy.EndPoint, redis.Prefix);
        return new FaultyRedis(redis, proxy, await RunningNode.StartAsync(options));
    }

    /// <summary>As if Redis had died: connections are reset, new ones refused.</summary>
    public void Break()
    {
        Proxy.RefuseNew();
        Proxy.Cut();
    }

    /// <summary>Breaks it, and waits until every one of these clients was told.</summary>
    public async Task BreakAsync(params TestClient[] clients)
    {
        Break();
        foreach (var client in clients)
            await ToldAsync(client, "degraded");
    }

    public async Task HealAsync(params TestClient[] clients)
    {
        Proxy.Heal();
        foreach (var client in clients)
            await ToldAsync(client, "healthy");
    }

    public static Task ToldAsync(TestClient client, string state) => client.ExpectAsync(
        message => message.Text("type") == "backplane" && message.Payload().Text("state") == state, $"the notice that the backplane is {state}");

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        await Proxy.DisposeAsync();
        await Redis.DisposeAsync();
    }
}
