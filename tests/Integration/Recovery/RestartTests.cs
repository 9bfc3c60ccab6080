using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Recovery;

/// <summary>What members are told when Redis restarts: with its data or without, trusted or not.</summary>
public sealed class RestartTests
{
    [Theory]
    [InlineData(false, false)] // Not trusted: another run may have lost the newest entries.
    [InlineData(false, true)] // Its data is gone.
    [InlineData(true, true)] // Trusted, but there is nothing to trust.
    public async Task Redis_ThatRestarts_BeginsANewEpoch_AndSaysSo(bool trusted, bool wipe)
    {
        await using var rig = await StartAsync(trusted);
        var (node, redis) = rig;
        await using var member = await node.ConnectAsync();
        var joined = (await member.JoinAsync("room")).Payload();
        await member.PublishAsync("room", 1);

        await redis.RestartAsync(wipe);
        await node.Process.WaitUntilReadyAsync();
        var reset = (await member.ExpectTypeAsync("reset", "room")).Payload();
        Assert.NotEqual(joined.Text("epoch"), reset.Text("epoch"));

        await using var back = await node.ConnectAsync();
        var again = (await JoinWhenPossibleAsync(back, joined.Text("epoch")!, 1)).Payload();
        Assert.False(again.Flag("recovered"));
        Assert.Equal(reset.Text("epoch"), again.Text("epoch"));
    }

    [Fact]
    public async Task Redis_ThatIsTrusted_AndRestartsWithItsData_GoesOn()
    {
        await using var rig = await StartAsync(trusted: true);
        var (node, redis) = rig;
        await using var member = await node.ConnectAsync();
        var joined = (await member.JoinAsync("room")).Payload();
        await member.PublishAsync("room", 1);
        await member.PublishAsync("room", 2);

        await redis.RestartAsync();
        await node.Process.WaitUntilReadyAsync();
        await using var back = await node.ConnectAsync();
        var again = (await JoinWhenPossibleAsync(back, joined.Text("epoch")!, 1)).Payload();
        Assert.True(again.Flag("recovered"));
        Assert.Equal(joined.Text("epoch"), again.Text("epoch"));
        Assert.Equal(2, (await back.ExpectTypeAsync("message", "room")).Offset());
    }

    [Fact]
    public async Task SubscriptionsThatAreKilled_MissNothing_NotEvenTheLastMessageBeforeASilence()
    {
        await using var rig = await StartAsync(trusted: false);
        var (node, redis) = rig;
        await using var member = await node.JoinAsync("room");
        await using var outside = await redis.ConnectAsync();
        const int Rounds = 10;
        for (var i = 0; i < Rounds; i++)
        {
            // The publish meets the moment in which nobody listens, and nothing comes behind it.
            var publish = node.Api.PublishAsync("room", i);
            await outside.KillClientsAsync("pubsub");
            Assert.True((await publish).IsSuccess);
            await member.WaitForMessagesAsync("room", i + 1);
        }

        Assert.Equal(Enumerable.Range(1, Rounds).Select(i => (long?)i), member.Messages("room").Select(message => message.Offset()));
    }

    // Right after a restart the node may still be told that the backplane is away.
    private static async Task<System.Text.Json.Nodes.JsonObject> JoinWhenPossibleAsync(TestClient client, string epoch, long offset)
    {
        System.Text.Json.Nodes.JsonObject? answer = null;
        await Eventually.TrueAsync(
            async () =>
            {
                answer = await client.RequestAsync(new { type = "join", room = "room", payload = new { since = new { epoch, offset } } });
                return answer.Text("type") == "joined";
            },
            "the join to succeed");
        return answer!;
    }

    private static async Task<Rig> StartAsync(bool trusted)
    {
        var redis = await OwnRedis.StartAsync(new OwnRedisOptions { AppendOnly = true });
        var node = await RunningNode.StartAsync(FaultyRedis.Quick(new NodeOptions().WithRedis(redis.ConnectionString).With(
            ("Fanout:Redis:TrustRestarts", trusted ? "true" : "false"))));
        return new Rig(node, redis);
    }

    private sealed record Rig(RunningNode Node, OwnRedis Redis) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Node.DisposeAsync();
            await Redis.DisposeAsync();
        }
    }
}
