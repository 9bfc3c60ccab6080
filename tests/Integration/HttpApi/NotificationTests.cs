using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Integration.HttpApi;

/// <summary>The notification pattern (docs/notifications.md): what is pushed to a user that is away waits in the user's room.</summary>
public sealed class NotificationTests(RedisFixture redis)
{
    // A phone that comes back, on another node, with the position that it had.
    [Fact]
    public async Task Push_WhileTheUserWasAway_ComesWithItsPosition()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var first = await RunningNode.StartAsync(Options(scope));
        await using var second = await RunningNode.StartAsync(Options(scope));
        await using var before = await first.ConnectAsync(new TestClientOptions { Token = Tokens.For("ann") });
        await before.ExpectTypeAsync("joined", Room);
        var seen = (await first.Api.PushAsync("ann", "seen")).Ok;
        await before.ExpectTypeAsync("message", Room);
        await before.CloseAsync();
        await Eventually.TrueAsync(async () => (await first.Api.UserAsync("ann")).Ok.Flag("online") == false, "an offline user");

        foreach (var node in new[] { first, second })
            Assert.False((await node.Api.PushAsync("ann", "missed")).Ok.Flag("online"));
        await using var after = await second.ConnectAsync(
            new TestClientOptions { Token = Tokens.For("ann"), Rooms = $"{Room};{seen.Text("epoch")};{seen.Integer("offset")}" });

        Assert.True((await after.ExpectTypeAsync("joined", Room)).Payload().Flag("recovered"));
        var messages = await after.WaitForMessagesAsync(Room, 2);
        Assert.Equal(["missed", "missed"], messages.Select(message => message.Text("payload")));
        Assert.True((await first.Api.PushAsync("ann", "live")).Ok.Flag("online"));
        Assert.Equal("live", (await after.WaitForMessagesAsync(Room, 3))[2].Text("payload"));
    }

    // A device that was never here before has no position. It is in the room already: it leaves, and joins from the last n on.
    [Fact]
    public async Task Push_BeforeTheFirstVisit_ComesWithTheLastN()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var node = await RunningNode.StartAsync(Options(scope));
        for (var i = 1; i <= 5; i++)
            await node.Api.PushAsync("ann", i);
        await using var client = await node.ConnectAsync(new TestClientOptions { Token = Tokens.For("ann") });
        await client.ExpectTypeAsync("joined", Room);

        await client.LeaveAsync(Room);
        await client.JoinAsync(Room, new { since = new { last = 3 } });

        Assert.Equal([3, 4, 5], (await client.WaitForMessagesAsync(Room, 3)).Select(message => (int)message["payload"]!));
        await node.Api.PushAsync("ann", 6);
        Assert.Equal(6, (int)(await client.WaitForMessagesAsync(Room, 4))[3]["payload"]!);
    }

    // A pattern that begins with $user. names users' rooms; one that begins with a star does not.
    [Fact]
    public async Task Rooms_OfUsers_KeepWhatTheirPatternSays()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var node = await RunningNode.StartAsync(Options(scope).With(
            ("Fanout:Rooms:0:Pattern", "*"), ("Fanout:Rooms:0:HistorySize", "1"),
            ("Fanout:Rooms:1:Pattern", "$user.vip-*"), ("Fanout:Rooms:1:HistorySize", "1000"), ("Fanout:Rooms:1:HistoryTtl", "7.00:00:00"),
            ("Fanout:Rooms:2:Pattern", "$user.*"), ("Fanout:Rooms:2:HistorySize", "2"), ("Fanout:Rooms:2:HistoryTtl", "01:00:00")));
        foreach (var user in new[] { "vip-1", "ann" })
        {
            for (var i = 1; i <= 4; i++)
                await node.Api.PushAsync(user, i);
        }

        Assert.Equal(4, (await node.Api.HistoryAsync("$user.vip-1")).Ok["items"]!.AsArray().Count);
        Assert.Equal(2, (await node.Api.HistoryAsync(Room)).Ok["items"]!.AsArray().Count);
        Assert.InRange((await TtlAsync("$user.vip-1")).TotalDays, 6.9, 7);
        Assert.InRange((await TtlAsync(Room)).TotalMinutes, 59, 60);

        async Task<TimeSpan> TtlAsync(string room) => (await scope.Database.KeyTimeToLiveAsync(scope.RoomKey(room, "stream")))!.Value;
    }

    private const string Room = "$user.ann";

    private static NodeOptions Options(RedisScope scope) =>
        new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix).With(("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey));
}
