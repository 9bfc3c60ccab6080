using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Integration.HttpApi;

/// <summary>Publishes of which nobody can say whether they happened: 504, and the same key settles it.</summary>
public sealed class OpenFateTests(RedisFixture redis)
{
    // There is no replica that could have it: it is stored, but not as safely as the operator asked for.
    [Fact]
    public async Task Publish_ThatNoReplicaConfirms_Is504_AloneAndInABatch_AndIsStoredOnce()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var node = await RunningNode.StartAsync(new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix).With(
            ("Fanout:Redis:MinReplicas", "1"), ("Fanout:Redis:CommandTimeout", "00:00:03"), ("Fanout:Rooms:0:Pattern", "plain"), ("Fanout:Rooms:0:HistorySize", "0")));
        var (room, user) = (Rooms.New(), Rooms.New("ann"));

        foreach (var answer in new[] { await node.Api.PublishAsync(room, 1, "k1"), await node.Api.PushAsync(user, 1, "k2"), await node.Api.PublishAsync(room, 1, "k1") })
        {
            answer.Refused(504, "timeout");
            Assert.True((bool?)answer.Body!["retryable"]);
        }

        var batch = await node.Api.PublishBatchAsync(
        [
            new JsonObject { ["room"] = room, ["payload"] = 1, ["key"] = "k1" }, new JsonObject { ["room"] = "plain", ["payload"] = 1 }, new JsonObject { ["room"] = room, ["payload"] = 2, ["key"] = "k1" },
        ]);
        var results = batch.Ok["results"]!.AsArray().Select(result => result!.AsObject()).ToList();
        Assert.Equal(("timeout", 504, "urn:fanout:problem:timeout", true), (results[0].Text("code"), results[0].Integer("status"), results[0].Text("type"), results[0].Flag("retryable")));
        Assert.False(results[1].ContainsKey("code"));
        Assert.Equal("conflict", results[2].Text("code"));
        Assert.Single((await node.Api.HistoryAsync(room)).Ok["items"]!.AsArray());
    }

    // It was sent, and nothing comes back.
    [Fact]
    public async Task Publish_WithoutAnAnswerOfRedis_Is504_AloneAndInABatch()
    {
        await using var faulty = await FaultyRedis.StartAsync(redis);
        await using var client = await faulty.Node.ConnectAsync();
        faulty.Proxy.BlackHole();

        var single = faulty.Node.Api.PublishAsync("room", 1);
        var batch = faulty.Node.Api.PublishBatchAsync([new JsonObject { ["room"] = "room", ["payload"] = 1 }, new JsonObject { ["user"] = "ann", ["payload"] = 1 }]);

        (await single).Refused(504, "timeout");
        Assert.Equal(["timeout", "timeout"], (await batch).Ok["results"]!.AsArray().Select(result => result!.AsObject().Text("code")));
        await FaultyRedis.ToldAsync(client, "degraded");
        await faulty.HealAsync(client);
    }
}
