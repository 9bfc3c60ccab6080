using System.Net;
using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Faults;

/// <summary>Redis is away: at the start the node waits for it, later its sockets stay up and publishes are refused.</summary>
public sealed class RedisAwayTests(RedisFixture redis)
{
    [Fact]
    public async Task Start_WithoutRedis_WaitsForIt_AndIsNotReady()
    {
        await using var faulty = await FaultyRedis.StartAsync(redis, reachable: false);
        var node = faulty.Node;
        var line = await node.Process.WaitForLogAsync("Waiting for Redis");
        Assert.Contains(faulty.Proxy.EndPoint, line, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await node.Process.ReadinessAsync());
        Assert.Equal(HttpStatusCode.OK, (await node.Api.GetAsync("/healthz/live")).Status);
        await using var early = await node.ConnectAsync();
        Assert.Equal("degraded", early.Connected.Payload().Text("backplane"));
        await IsUnavailableAsync(node, early, Rooms.New());

        await faulty.HealAsync(early);

        await node.Process.WaitUntilReadyAsync();
        await WorksAsync(node, early, Rooms.New());
    }

    [Fact]
    public async Task Outage_LeavesSocketsUp_RefusesWhatNeedsRedis_AndEnds()
    {
        await using var faulty = await FaultyRedis.StartAsync(redis);
        var node = faulty.Node;
        var room = Rooms.New();
        await using var stays = await node.JoinAsync(room, TestClientOptions.Msgpack);
        await using var leaves = await node.JoinAsync(room);
        await using var closes = await node.JoinAsync(room);
        await using var crashes = await node.JoinAsync(room);

        await faulty.BreakAsync(stays, leaves, closes, crashes);

        await node.Process.WaitForReadinessAsync(HttpStatusCode.ServiceUnavailable);
        await IsUnavailableAsync(node, stays, room);
        await leaves.LeaveAsync(room);
        await closes.CloseAsync();
        crashes.Abort();
        await stays.PingAsync();
        await using var late = await node.ConnectAsync();
        Assert.Equal("degraded", late.Connected.Payload().Text("backplane"));
        // Also where the channel is subscribed already: it is the membership that cannot be written.
        Assert.Equal("backplane_unavailable", (await late.RequestErrorAsync(new { type = "join", room })).Text("code"));
        Assert.Equal("backplane_unavailable", (await late.RequestErrorAsync(new { type = "join", room = Rooms.New() })).Text("code"));

        await faulty.HealAsync(stays, leaves, late);

        await node.Process.WaitUntilReadyAsync();
        await Eventually.ValueAsync(
            () => faulty.Redis.Database.SetLengthAsync(faulty.Redis.RoomKey(room, "members")), members => members == 1,
            "the one member that stayed", context: node.Process.LogTail);
        Assert.Equal(2, (await late.JoinAsync(room)).Payload().Integer("count"));
        await WorksAsync(node, stays, Rooms.New());
        await stays.PublishAsync(room, "welcome back");
        foreach (var member in new[] { stays, late })
            await member.ExpectAsync(message => message.Text("payload") == "welcome back", "the message after the outage");
        await leaves.PingAsync();
        Assert.Empty(leaves.Messages(room));
    }

    // TCP stays up and nothing passes: only the probe can tell.
    [Fact]
    public async Task BlackHole_IsNoticedByTheProbe_AndEnds()
    {
        await using var faulty = await FaultyRedis.StartAsync(redis);
        var node = faulty.Node;
        var room = Rooms.New();
        await using var member = await node.JoinAsync(room);

        faulty.Proxy.BlackHole();
        await FaultyRedis.ToldAsync(member, "degraded");

        // Its fate is unknown, or it was not taken: in no case is it acknowledged.
        var error = await member.RequestErrorAsync(new { type = "publish", room, payload = "lost" });
        Assert.Contains(error.Text("code"), new[] { "timeout", "backplane_unavailable" });
        await faulty.HealAsync(member);

        await Eventually.TrueAsync(
            async () => (await member.RequestAsync(new { type = "publish", room, payload = "found" })).Text("type") == "published", "a publish that is taken");
        await member.ExpectAsync(message => message.Text("payload") == "found", "the message after the black hole");
    }

    // The subscription alone dies: publishes would be taken, and nobody here would hear them.
    [Fact]
    public async Task Subscription_ThatIsKilled_ComesBack_WithItsRooms()
    {
        await using var own = await OwnRedis.StartAsync();
        await using var connection = await own.ConnectAsync();
        await using var node = await RunningNode.StartAsync(FaultyRedis.Quick(new NodeOptions()).WithRedis(own.ConnectionString));
        var rooms = Enumerable.Range(0, 20).Select(_ => Rooms.New()).ToList();
        await using var member = await node.ConnectAsync();
        foreach (var room in rooms)
            await member.JoinAsync(room);

        Assert.True(await connection.KillClientsAsync("pubsub") > 0);

        await node.Process.WaitForLogAsync("The subscription connection to Redis ended");
        foreach (var room in rooms)
        {
            await Eventually.TrueAsync(
                async () => (await node.Api.PublishAsync(room, "after")).Body?["nodes"]?.GetValue<long>() > 0, $"a publish to {room} that is heard");
            await member.ExpectTypeAsync("message", room);
        }
    }

    // It comes back with everything that it had: the members that left meanwhile are taken out, the others stay.
    [Fact]
    public async Task Restart_OfARedisThatKeepsItsData_NeedsNoReconnect()
    {
        await using var own = await OwnRedis.StartAsync(new OwnRedisOptions { AppendOnly = true });
        await using var scope = await RedisScope.CreateAsync(own.ConnectionString);
        await using var node = await RunningNode.StartAsync(FaultyRedis.Quick(new NodeOptions()).WithRedis(own.ConnectionString, scope.Prefix));
        var room = Rooms.New();
        await using var stays = await node.JoinAsync(room);
        await using var goes = await node.JoinAsync(room);

        await own.StopAsync();
        await FaultyRedis.ToldAsync(stays, "degraded");
        await goes.CloseAsync();
        await own.StartAgainAsync();
        await FaultyRedis.ToldAsync(stays, "healthy");

        await Eventually.ValueAsync(
            async () => (await node.Api.RoomAsync(room)).Body?["members"]?.GetValue<long>(), members => members == 1, "the one member that stayed");
        await stays.PublishAsync(room, "again");
        await stays.ExpectAsync(message => message.Text("payload") == "again", "the message after the restart");
    }

    // A join that fails in the middle is taken back when Redis returns. The client's note (user, info) must survive that: it is in
    // another room.
    [Fact]
    public async Task Join_ThatFailedInAnOutage_TakesNothingFromTheClientsOtherRooms()
    {
        await using var faulty = await FaultyRedis.StartAsync(redis);
        var node = faulty.Node;
        var (hers, his) = (Rooms.New("hers"), Rooms.New("his"));
        await using var bob = await node.JoinAsync(his);
        var token = Tokens.For("ann", new { join = new[] { hers, his } });
        await using var ann = await node.ConnectAsync(new TestClientOptions { Token = token, Rooms = hers });
        await ann.ExpectTypeAsync("joined", hers);
        // Out of her own room she would be in two rooms; one is what the note hangs on.
        await ann.LeaveAsync("$user.ann");

        await faulty.BreakAsync(ann, bob);
        Assert.Equal("backplane_unavailable", (await ann.RequestErrorAsync(new { type = "join", room = his })).Text("code"));
        await faulty.HealAsync(ann, bob);

        // What was taken back is written before what comes later.
        await bob.JoinAsync(Rooms.New());
        Assert.Equal(1, (await node.Api.RoomAsync(hers)).Ok.Integer("users"));
        Assert.Equal(1, (await node.Api.RoomAsync(his)).Ok.Integer("members"));
    }

    private static async Task IsUnavailableAsync(RunningNode node, TestClient client, string room)
    {
        foreach (var type in new[] { "publish", "presence" })
        {
            var error = await client.RequestErrorAsync(new { type, room, payload = new { } });
            Assert.Equal(("backplane_unavailable", true), (error.Text("code"), error.Flag("retryable")));
        }

        foreach (var answer in new[]
        {
            await node.Api.PublishAsync(room, 1), await node.Api.PublishAsync(room, 1, "key"), await node.Api.PushAsync("ann", 1), await node.Api.RoomAsync(room), await node.Api.RoomsAsync(),
            await node.Api.MembersAsync(room), await node.Api.HistoryAsync(room), await node.Api.UserAsync("ann"), await node.Api.NodesAsync(), await node.Api.DisconnectUserAsync("ann"),
        })
        {
            answer.Refused(503, "backplane_unavailable");
            Assert.Equal((TimeSpan.FromSeconds(1), true), (answer.Headers.RetryAfter?.Delta, (bool?)answer.Body?["retryable"]));
        }

        // A batch is taken, and each of its messages is told; what is wrong with one is told in any case.
        var batch = (await node.Api.PublishBatchAsync(
        [
            new JsonObject { ["room"] = room, ["payload"] = 1 }, new JsonObject { ["user"] = "ann", ["payload"] = 1, ["key"] = "key" }, new JsonObject { ["room"] = "a room", ["payload"] = 1 },
        ])).Ok["results"]!.AsArray().Select(result => result!.AsObject()).Select(result => (result.Text("code"), result.Integer("status"), result.Flag("retryable")));
        Assert.Equal([("backplane_unavailable", 503, true), ("backplane_unavailable", 503, true), ("bad_room", 400, false)], batch);
    }

    private static async Task WorksAsync(RunningNode node, TestClient client, string room)
    {
        await client.JoinAsync(room);
        await client.PublishAsync(room, "by socket");
        Assert.True((await node.Api.PublishAsync(room, "by HTTP")).IsSuccess);
        Assert.Equal(["by socket", "by HTTP"], (await client.WaitForMessagesAsync(room, 2)).Select(message => message.Text("payload")));
    }
}
