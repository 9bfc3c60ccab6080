using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Presence;

/// <summary>Exactly one notice for each change, also when a node dies or comes back.</summary>
public sealed class NoticeTests(RedisFixture redis)
{
    [Fact]
    public async Task NodeThatIsPaused_AndComesBack_IsOneLeaveAndOneJoin_AndOneLeaveWhenItIsKilled()
    {
        await using var scope = await redis.CreateScopeAsync();
        var options = new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix).With(
            ("Fanout:Rooms:0:Pattern", "hall"), ("Fanout:Rooms:0:Presence", "true"),
            ("Fanout:Lease:Renew", "00:00:01"), ("Fanout:Lease:Expire", "00:00:06"));
        await using var first = await RunningNode.StartAsync(options);
        await using var second = await RunningNode.StartAsync(options);
        await using var watcher = await first.ConnectAsync();
        await watcher.JoinAsync("hall", new { presence = true });
        await using var other = await second.JoinAsync("hall");
        await NoticeAsync(watcher, "presence.join", other);

        second.Process.Pause();
        await NoticeAsync(watcher, "presence.leave", other);
        second.Process.Resume();
        await NoticeAsync(watcher, "presence.join", other);
        // Under a new incarnation, and the old one's entry is gone.
        Assert.Equal(2, await scope.Database.SetLengthAsync(scope.RoomKey("hall", "members")));

        await second.Process.KillAsync();
        await NoticeAsync(watcher, "presence.leave", other);
        Assert.Equal(1, await scope.Database.SetLengthAsync(scope.RoomKey("hall", "members")));

        // Whatever was told twice would stand before this answer.
        await watcher.PingAsync();
        Assert.Equal(4, watcher.Received.Count(message => message.Json.Text("type") is "presence.join" or "presence.leave"));
    }

    [Fact]
    public async Task UserThatReloads_WithinTheLeaveDelay_WasNeverGone_AndCountsOnce()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var node = await RunningNode.StartAsync(new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix).With(
            ("Fanout:Rooms:0:Pattern", "hall"), ("Fanout:Rooms:0:Presence", "true"), ("Fanout:Presence:LeaveDelay", "00:01:00"),
            ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey)));
        await using var watcher = await node.ConnectAsync();
        await watcher.JoinAsync("hall", new { presence = true });
        var token = Tokens.For("ann", new { join = new[] { "*" } });
        var ann = await node.ConnectAsync(new TestClientOptions { Token = token, Rooms = "hall" });
        await NoticeAsync(watcher, "presence.join", ann);

        ann.Abort();
        // The loss has been noticed; a connection that overtakes it is told of like any other.
        await Eventually.TrueAsync(() => scope.Database.HashExistsAsync(scope.RoomKey("hall", "leaving"), "ann"), "the loss to be noticed");
        await using var again = await node.ConnectAsync(new TestClientOptions { Token = token, Rooms = "hall" });
        await again.ExpectTypeAsync("joined", "hall");
        await Eventually.TrueAsync(
            async () => (await watcher.PresenceAsync("hall")).Payload().Integer("count") == 2, "the new connection to take the lost one's place");
        Assert.Equal(1, (await watcher.PresenceAsync("hall")).Payload().Integer("users"));
        Assert.Single(watcher.Received, message => message.Json.Text("type") is "presence.join" or "presence.leave");
    }

    private static Task<System.Text.Json.Nodes.JsonObject> NoticeAsync(TestClient watcher, string type, TestClient about) => watcher.ExpectAsync(
        message => message.Text("type") == type && message.Payload().Text("clientId") == about.ClientId, $"{type} of the other member");
}
