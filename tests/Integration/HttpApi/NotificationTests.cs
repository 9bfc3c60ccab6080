using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Fanout.Tests.TestKit.Streams;
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

    // A device that was never here before has no position. It says with the handshake how far back it wants to begin, by the room's name or
    // for all that it is in: it is never out of its room, so that it is online from the first moment on.
    [Theory]
    [InlineData("$user.ann;;3", null)]
    [InlineData(null, "last=3")]
    [InlineData("other;;1", "last=3")]
    public async Task Push_BeforeTheFirstVisit_ComesWithTheLastN(string? rooms, string? query)
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var node = await RunningNode.StartAsync(Options(scope));
        for (var i = 1; i <= 5; i++)
            await node.Api.PushAsync("ann", i);

        await using var client = await node.ConnectAsync(new TestClientOptions { Token = Tokens.For("ann"), Rooms = rooms, Query = query });
        var joined = (await client.ExpectTypeAsync("joined", Room)).Payload();

        Assert.Equal((2, true), (joined.Integer("offset"), joined.Flag("recovered")));
        Assert.Equal([3, 4, 5], (await client.WaitForMessagesAsync(Room, 3)).Select(message => (int)message["payload"]!));
        Assert.True((await node.Api.PushAsync("ann", 6)).Ok.Flag("online"));
        Assert.Equal([3, 4, 5, 6], (await client.WaitForMessagesAsync(Room, 4)).Select(message => (int)message["payload"]!));
    }

    // A page that only listens says it likewise; a position that it has wins over the number.
    [Fact]
    public async Task Stream_OfAUser_BeginsWithTheLastN_AndResumesByItsId()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var node = await RunningNode.StartAsync(Options(scope));
        for (var i = 1; i <= 5; i++)
            await node.Api.PushAsync("ann", i);
        IReadOnlyList<StreamEvent> events;
        await using (var first = await node.StreamAsync(new EventStreamOptions { Token = Tokens.For("ann"), Query = "last=3" }))
            events = await first.MessagesAsync(Room, 3);
        Assert.Equal([3, 4, 5], events.Select(e => (int)e.Message["payload"]!));

        await using var second = await node.StreamAsync(new EventStreamOptions { Token = Tokens.For("ann"), Query = "last=1", LastEventId = events[0].LastEventId });
        Assert.Equal([4, 5], (await second.MessagesAsync(Room, 2)).Select(e => (int)e.Message["payload"]!));
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
