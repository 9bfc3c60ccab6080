using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Support;

/// <summary>Two nodes, as processes, behind one Redis; they take tokens as well as anonymous clients, and have no message rate.</summary>
public sealed class TwoNodes(RedisFixture redis) : IAsyncLifetime
{
    public const string Name = "two nodes";

    public RunningNode First { get; private set; } = null!;

    public RunningNode Second { get; private set; } = null!;

    /// <summary>For looking at Redis from outside.</summary>
    public RedisScope Redis { get; private set; } = null!;

    public RunningNode this[int index] => index == 0 ? First : Second;

    public async ValueTask InitializeAsync()
    {
        Redis = await redis.CreateScopeAsync();
        var options = new NodeOptions().WithRedis(Redis.ConnectionString, Redis.Prefix)
            .With(("Fanout:Limits:MessagesPerSecond", "0"), ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey));
        var nodes = await Task.WhenAll(
            RunningNode.StartAsync(options.With(("Fanout:Node:Name", "first"))),
            RunningNode.StartAsync(options.With(("Fanout:Node:Name", "second"))));
        (First, Second) = (nodes[0], nodes[1]);
    }

    public async ValueTask DisposeAsync()
    {
        await First.DisposeAsync();
        await Second.DisposeAsync();
        await Redis.DisposeAsync();
    }
}

/// <summary>The classes that share one pair of nodes; they run one after the other.</summary>
[CollectionDefinition(TwoNodes.Name)]
public sealed class TwoNodesGroup : ICollectionFixture<TwoNodes>;
