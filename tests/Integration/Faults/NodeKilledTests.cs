using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Faults;

/// <summary>A node that dies by SIGKILL leaves no ghosts for longer than its lease (DESIGN.md 7.3). Leases here end after seconds.</summary>
public sealed class NodeKilledTests(RedisFixture redis)
{
    [Fact]
    public async Task Kill_OfANode_IsCleanedUpByTheOther_WhenItsLeaseEnds()
    {
        await using var scope = await redis.CreateScopeAsync();
        var options = new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix)
            .With(("Fanout:Lease:Renew", "00:00:01"), ("Fanout:Lease:Expire", "00:00:06"));
        await using var survivor = await RunningNode.StartAsync(options.With(("Fanout:Node:Name", "survivor")));
        await using var victim = await RunningNode.StartAsync(options.With(("Fanout:Node:Name", "victim")));
        var (shared, alone) = (Rooms.New("shared"), Rooms.New("alone"));
        await using var staying = await survivor.JoinAsync(shared);
        await using var lost = await victim.JoinAsync(shared);
        await using var lostToo = await victim.ConnectAsync(new TestClientOptions { Subprotocol = TestClientOptions.Msgpack, Rooms = $"{shared},{alone}" });
        await lostToo.ExpectTypeAsync("joined", alone);
        await lostToo.ExpectTypeAsync("joined", shared);
        Assert.Equal(3, (await survivor.Api.RoomAsync(shared)).Ok.Integer("members"));
        var nodes = (await survivor.Api.NodesAsync()).Ok["items"]!.AsArray();
        var victimId = (string)nodes.Single(node => (string?)node!["name"] == "victim")!["id"]!;

        await victim.Process.KillAsync();

        await Eventually.ValueAsync(
            async () => (await survivor.Api.RoomAsync(shared)).Ok.Integer("members"), members => members == 1, "one member left", context: survivor.Process.LogTail);
        await Eventually.ValueAsync(
            async () => string.Join(' ', await scope.KeysAsync()), keys => !keys.Contains(victimId, StringComparison.Ordinal), "the dead node's keys to go");
        Assert.Equal($$"""{"items":[{"room":"{{shared}}","members":1}]}""", (await survivor.Api.RoomsAsync()).Text);
        Assert.Equal(["survivor"], (await survivor.Api.NodesAsync()).Ok["items"]!.AsArray().Select(node => (string)node!["name"]!));
        Assert.False(await scope.Database.KeyExistsAsync(scope.RoomKey(alone, "members")));
        Assert.Single(await scope.Database.SetMembersAsync(scope.RoomKey(shared, "members")));
        Assert.Equal(staying.ClientId, (string?)(await survivor.Api.MembersAsync(shared)).Ok["items"]!.AsArray().Single()!["clientId"]);
        Assert.Null(await scope.Database.SortedSetScoreAsync(scope.Key("nodes"), victimId));

        await staying.PublishAsync(shared, "life goes on");
        await staying.WaitForMessagesAsync(shared, 1);
    }

    // After a pause of Redis all leases look dead, and none of the nodes is.
    [Fact]
    public async Task Pause_OfRedis_LongerThanTheLease_CostsNoNodeItsMembers()
    {
        await using var own = await OwnRedis.StartAsync();
        await using var scope = await RedisScope.CreateAsync(own.ConnectionString);
        var options = FaultyRedis.Quick(new NodeOptions()).WithRedis(scope.ConnectionString, scope.Prefix)
            .With(("Fanout:Lease:Renew", "00:00:00.5"), ("Fanout:Lease:Expire", "00:00:02"), ("Fanout:Redis:CommandTimeout", "00:00:01"));
        await using var first = await RunningNode.StartAsync(options.With(("Fanout:Node:Name", "first")));
        await using var second = await RunningNode.StartAsync(options.With(("Fanout:Node:Name", "second")));
        var room = Rooms.New();
        await using var here = await first.JoinAsync(room);
        await using var there = await second.JoinAsync(room);
        var members = await MembersAsync();

        own.Pause();
        // Each missed beat took a second of waiting and half a one of rest, so three of them outlast the lease.
        foreach (var node in new[] { first, second })
            await Eventually.TrueAsync(() => MissedBeats(node) >= 3, "three missed beats", context: node.Process.LogTail);
        own.Resume();
        await FaultyRedis.ToldAsync(here, "healthy");
        await FaultyRedis.ToldAsync(there, "healthy");

        // By Redis's own clock both beat on for longer than the expiry after which a node may reap.
        var resumed = await NowAsync();
        await Eventually.TrueAsync(
            async () => await NowAsync() - resumed > 3_000 && await OldestBeatAsync() - resumed > 2_500, "both nodes to beat for three seconds");
        // The same, with the ids of their nodes: one that was reaped would be back under another.
        Assert.Equal(members, await MembersAsync());
        Assert.Equal(2, members.Count);
        // A beat that is late on a busy machine is a node that is not there, for that moment.
        await Eventually.TrueAsync(async () => (await first.Api.NodesAsync()).Ok["items"]!.AsArray().Count == 2, "both nodes");
        await here.PublishAsync(room, "all here");
        await there.WaitForMessagesAsync(room, 1);

        static int MissedBeats(RunningNode node) => node.Process.Logs.Count(line => line.Contains("lease could not be renewed", StringComparison.Ordinal));

        async Task<List<string>> MembersAsync() => [.. (await scope.Database.SetMembersAsync(scope.RoomKey(room, "members"))).Select(member => (string)member!).Order(StringComparer.Ordinal)];

        async Task<double> NowAsync() => (await scope.Server.TimeAsync() - DateTime.UnixEpoch).TotalMilliseconds;

        async Task<double> OldestBeatAsync() => (await scope.Database.SortedSetRangeByRankWithScoresAsync(scope.Key("nodes"))).Min(beat => beat.Score);
    }
}
