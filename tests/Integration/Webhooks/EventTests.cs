using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Webhooks;

/// <summary>Which events there are, by what happens on two nodes, and on one in memory.</summary>
public sealed class EventTests(RedisFixture redis)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Room_IsOccupiedByItsFirstMember_AndVacatedByItsLast_OfAllNodes(bool isFleet)
    {
        await using var rig = await WebhookRig.StartAsync(isFleet ? redis : null, WebhookRig.Patient);
        var room = Rooms.New();
        await using var a = await rig.First.JoinAsync(room);
        var occupied = await rig.Receiver.WaitForAsync("room.occupied", room);
        await using var b = await rig.Second.JoinAsync(room, TestClientOptions.Msgpack);
        await a.CloseAsync();
        await rig.EverythingIsToldAsync();

        Assert.Equal(["room.occupied"], rig.Receiver.TypesOf(room));
        b.Abort();
        var vacated = await rig.Receiver.WaitForAsync("room.vacated", room);
        await using var again = await rig.Second.JoinAsync(room);
        await rig.Receiver.WaitForAsync("room.occupied", room, count: 2);

        Assert.Equal(["id", "type", "timestamp", "room"], occupied.Json.Select(field => field.Key));
        Assert.InRange(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - (long)vacated.Json["timestamp"]!, -1_000, 60_000);
        var all = rig.Receiver.Taken;
        Assert.Equal(all.Count, all.Select(item => item.Id).Distinct().Count());
        Assert.DoesNotContain(all, item => item.Type.StartsWith("member.", StringComparison.Ordinal) || item.Subject.StartsWith('$'));
        Assert.All(rig.Receiver.Http.Calls, call =>
        {
            Assert.True(call.IsSignedWith(WebhookReceiver.Secret));
            Assert.Equal(("/hook?key=hidden", "all", "1"), (call.Path, call.Header("Fanout-Webhook"), call.Header("Fanout-Attempt")));
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Room_ThatIsEnteredAgainInTime_WasNeverVacated(bool isFleet)
    {
        await using var rig = await WebhookRig.StartAsync(isFleet ? redis : null, WebhookRig.Patient, ("Fanout:WebhookQueue:VacatedDelay", "00:00:03"));
        var room = Rooms.New();
        await using var a = await rig.First.JoinAsync(room);
        await using var b = await rig.Second.ConnectAsync();
        await rig.Receiver.WaitForAsync("room.occupied", room);

        await a.LeaveAsync(room);
        await b.JoinAsync(room);
        await rig.EverythingIsToldAsync();

        Assert.Equal(["room.occupied"], rig.Receiver.TypesOf(room));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task User_IsOnlineByTheFirstConnection_AndOfflineByTheLast_OfAllNodes(bool isFleet)
    {
        await using var rig = await WebhookRig.StartAsync(isFleet ? redis : null, WebhookRig.Patient);
        var user = "ann=/ü" + Rooms.New();
        await using var a = await WebhookRig.ConnectAsync(rig.First, user);
        var online = await rig.Receiver.WaitForAsync("user.online", user);
        await using var b = await WebhookRig.ConnectAsync(rig.Second, user);
        await b.ExpectTypeAsync("joined");
        a.Abort();
        await rig.EverythingIsToldAsync();

        Assert.Equal(["user.online"], rig.Receiver.TypesOf(user));
        await b.CloseAsync();
        await rig.Receiver.WaitForAsync("user.offline", user);
        Assert.Equal(["id", "type", "timestamp", "userId"], online.Json.Select(field => field.Key));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Member_OfAPresenceRoom_IsToldOnce_WithItsInfo(bool isFleet)
    {
        await using var rig = await WebhookRig.StartAsync(isFleet ? redis : null, WebhookRig.Patient);
        var room = Rooms.New("presence");
        await using var ann = await WebhookRig.ConnectAsync(rig.First, "ann", new { name = "Ann" });
        await using var bob = await WebhookRig.ConnectAsync(rig.Second, "bob");
        await ann.JoinAsync(room);
        await ann.JoinAsync(room);
        await bob.JoinAsync(room);
        await rig.Receiver.WaitForAsync("member.joined", bob.ClientId);
        // A room that is empty again before it was looked at is not told at all (docs/webhooks.md, "The end is the truth").
        await rig.Receiver.WaitForAsync("room.occupied", room);
        await bob.LeaveAsync(room);
        ann.Abort();
        var left = await rig.Receiver.WaitForAsync("member.left", ann.ClientId);
        await rig.Receiver.WaitForAsync("room.vacated", room);
        await rig.EverythingIsToldAsync();

        Assert.Equal(["member.joined", "member.left"], rig.Receiver.TypesOf(ann.ClientId));
        Assert.Equal(["member.joined", "member.left"], rig.Receiver.TypesOf(bob.ClientId));
        Assert.Equal(["room.occupied", "room.vacated"], rig.Receiver.TypesOf(room));
        Assert.Equal((room, "ann", """{"name":"Ann"}"""), ((string?)left.Json["room"], (string?)left.Json["userId"], left.Json["info"]!.ToJsonString()));
    }

    // A lost connection that is back within Fanout:Presence:LeaveDelay was never gone for the members. Webhooks hear of connections, each of which comes
    // and goes; the new one comes first, so that the user is never seen to be gone.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Member_WhoIsBackInTime_IsToldAsTwoConnections_AndTheRoomStaysOccupied(bool isFleet)
    {
        await using var rig = await WebhookRig.StartAsync(isFleet ? redis : null, WebhookRig.Patient, ("Fanout:Presence:LeaveDelay", "00:00:30"));
        var room = Rooms.New("presence");
        await using var lost = await WebhookRig.ConnectAsync(rig.First, "ann");
        await lost.JoinAsync(room);
        await rig.Receiver.WaitForAsync("member.joined", lost.ClientId);
        await using var watching = await rig.Second.ConnectAsync();
        lost.Abort();
        if (isFleet)
            await TestKit.Eventually.TrueAsync(() => rig.Redis.Database.HashExistsAsync(rig.Redis.RoomKey(room, "leaving"), "ann"), "the loss to be noticed");
        else
            await TestKit.Eventually.TrueAsync(async () => (await rig.First.Api.NodesAsync()).Ok["items"]!.AsArray().Sum(node => (int)node!["connections"]!) == 1, "the connection to end");
        await using var back = await WebhookRig.ConnectAsync(rig.Second, "ann");
        await back.JoinAsync(room);
        await rig.EverythingIsToldAsync();

        Assert.Equal(["room.occupied"], rig.Receiver.TypesOf(room));
        await back.LeaveAsync(room);
        await rig.Receiver.WaitForAsync("member.left", back.ClientId);
        await rig.Receiver.WaitForAsync("room.vacated", room);

        var members = rig.Receiver.Taken.Where(item => item.Type.StartsWith("member.", StringComparison.Ordinal)).ToList();
        Assert.Equal(
            [("member.joined", lost.ClientId), ("member.joined", back.ClientId), ("member.left", lost.ClientId), ("member.left", back.ClientId)],
            members.Select(item => (item.Type, item.Subject)));
        Assert.Equal((lost.ClientId, back.ClientId), ((string?)members[1].Json["replaces"], (string?)members[2].Json["replacedBy"]));
        Assert.Equal("ann", (string?)members[2].Json["userId"]);
        Assert.DoesNotContain(members[3].Json, field => field.Key.StartsWith("replaced", StringComparison.Ordinal));
        // Whom lost's node forgets later has been told already; who comes meanwhile finds an empty room.
        await using var next = await rig.First.JoinAsync(room);
        await rig.Receiver.WaitForAsync("room.occupied", room, count: 2);
        Assert.Equal(["room.occupied", "room.vacated", "room.occupied"], rig.Receiver.TypesOf(room));
    }

    // The last nodes go, and with them the members: what they could not tell any more, their successor does, at once.
    [Fact]
    public async Task NodeThatStops_GivesItsRightsUp_AndLeavesNothingUntold()
    {
        await using var rig = await WebhookRig.StartAsync(redis, ("Fanout:Webhooks:0:Timeout", "00:05:00"));
        var room = Rooms.New("presence");
        await using var client = await rig.First.JoinAsync(room);
        await rig.Receiver.WaitForAsync("member.joined", client.ClientId);
        await rig.Receiver.WaitForAsync("room.occupied", room);

        foreach (var node in new[] { rig.First, rig.Second })
        {
            node.Process.Terminate();
            Assert.Equal(0, await node.Process.WaitForExitAsync(TimeSpan.FromSeconds(40)));
        }

        // They would be there for more than five minutes, the time limit of a request, and with them the successor's silence.
        Assert.DoesNotContain(await rig.Redis.KeysAsync(), key => key.EndsWith("}:sender:all", StringComparison.Ordinal) || key.EndsWith("}:collector", StringComparison.Ordinal));
        await using var successor = await RunningNode.StartAsync(rig.Options.With(("Fanout:Node:Name", "third")));
        await rig.Receiver.WaitForAsync("member.left", client.ClientId);
        await rig.Receiver.WaitForAsync("room.vacated", room);
        Assert.Equal(["member.joined", "member.left"], rig.Receiver.TypesOf(client.ClientId));
        Assert.Equal(["room.occupied", "room.vacated"], rig.Receiver.TypesOf(room));
    }

    [Fact]
    public async Task Receivers_GetWhatTheyAskedFor()
    {
        await using var other = await WebhookReceiver.StartAsync();
        await using var rig = await WebhookRig.StartAsync(
            redis,
            ("Fanout:Webhooks:1:Url", other.Http.Url + ""),
            ("Fanout:Webhooks:1:Secret", "another receiver's secret"),
            ("Fanout:Webhooks:1:Events:0", "room.vacated"),
            ("Fanout:Webhooks:1:Rooms", "room-*"));
        var (room, off) = (Rooms.New(), Rooms.New("off"));
        await using var client = await WebhookRig.ConnectAsync(rig.First, "ann");
        await client.JoinAsync(off);
        await client.JoinAsync(room);
        await rig.Receiver.WaitForAsync("room.occupied", off);
        await rig.Receiver.WaitForAsync("room.occupied", room);
        await client.LeaveAsync(off);
        await rig.Receiver.WaitForAsync("room.vacated", off);
        await client.LeaveAsync(room);
        await other.WaitForAsync("room.vacated", room);

        Assert.Equal("room.vacated", Assert.Single(other.Taken).Type);
        Assert.All(other.Http.Calls, call => Assert.True(call.IsSignedWith("another receiver's secret")));
    }

    // Nobody asked for rooms: nothing is marked, nothing is kept.
    [Fact]
    public async Task WithoutWebhooks_NothingIsKept()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var node = await RunningNode.StartAsync(new TestKit.Nodes.NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix)
            .With(("Fanout:Rooms:0:Pattern", "*"), ("Fanout:Rooms:0:Presence", "true")));
        await using (await node.JoinAsync("room"))
            Assert.Equal(1, (await node.Api.RoomAsync("room")).Ok.Integer("members"));
        await TestKit.Eventually.TrueAsync(async () => (await node.Api.RoomAsync("room")).Ok.Integer("members") == 0, "the leave");

        Assert.DoesNotContain(await scope.KeysAsync(), key => key.Contains("webhook", StringComparison.Ordinal) || key.EndsWith(":events", StringComparison.Ordinal));
        Assert.Equal("""{"items":[]}""", (await node.Api.GetAsync("/api/v1/webhooks")).Text);
    }
}
