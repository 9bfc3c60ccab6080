using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using StackExchange.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Fleet;

/// <summary>The keys of DESIGN.md 5, looked at from outside.</summary>
[Collection(TwoNodes.Name)]
public sealed class MembershipKeyTests(TwoNodes nodes)
{
    [Fact]
    public async Task Members_AreNodeIdSlashClientId_OneForEachConnectionInTheRoom()
    {
        var room = Rooms.New();
        var key = nodes.Redis.RoomKey(room, "members");
        await using var first = await nodes.First.JoinAsync(room);
        await using var second = await nodes.Second.JoinAsync(room);
        await using var third = await nodes.Second.JoinAsync(room, TestClientOptions.Msgpack);

        var ids = await NodeIdsAsync();
        Assert.Equal(3, await nodes.Redis.Database.SetLengthAsync(key));
        Assert.Equal(
            Sorted($"{ids["first"]}/{first.ClientId}", $"{ids["second"]}/{second.ClientId}", $"{ids["second"]}/{third.ClientId}"),
            await SetAsync(key));
    }

    [Fact]
    public async Task Members_AfterLeaveCloseAndCrashOfClients_AreGoneWithTheirKeys()
    {
        var room = Rooms.New();
        var key = nodes.Redis.RoomKey(room, "members");
        await using var leaves = await nodes.First.JoinAsync(room);
        await using var closes = await nodes.Second.JoinAsync(room);
        await using var crashes = await nodes.Second.JoinAsync(room);
        var ids = await NodeIdsAsync();
        Assert.Contains(room, await SetAsync(nodes.Redis.Key($"node:{ids["second"]}:rooms")));

        // "left" comes when Redis knows it: no waiting here. The node's own note of its rooms follows behind.
        await leaves.LeaveAsync(room);
        Assert.DoesNotContain($"{ids["first"]}/{leaves.ClientId}", await SetAsync(key));
        await Eventually.ValueAsync(
            () => SetAsync(nodes.Redis.Key($"node:{ids["first"]}:rooms")), rooms => !rooms.Contains(room), "the end of the room on the first node");

        await closes.CloseAsync();
        crashes.Abort();

        await Eventually.ValueAsync(() => nodes.Redis.Database.KeyExistsAsync(key), exists => !exists, $"the end of {key}");
        await Eventually.ValueAsync(
            () => SetAsync(nodes.Redis.Key($"node:{ids["second"]}:rooms")), rooms => !rooms.Contains(room), "the end of the room on its node");
    }

    [Fact]
    public async Task Join_Twice_IsOneMember()
    {
        var room = Rooms.New();
        await using var client = await nodes.First.JoinAsync(room);

        var again = await client.JoinAsync(room);

        Assert.Equal(1, again.Payload().Integer("count"));
        Assert.Equal(1, await nodes.Redis.Database.SetLengthAsync(nodes.Redis.RoomKey(room, "members")));
        await client.PublishAsync(room, "once");
        await client.PublishAsync(room, "behind it");
        await client.ExpectAsync(message => message.Text("type") == "message" && message.Text("payload") == "behind it", "the second message");
        Assert.Equal(["once", "behind it"], client.Messages(room).Select(message => message.Text("payload")));
    }

    [Fact]
    public async Task Joined_CountsTheMembersOfAllNodes()
    {
        var room = Rooms.New();
        await using var first = await nodes.First.JoinAsync(room);
        await using var second = await nodes.Second.ConnectAsync();

        Assert.Equal(2, (await second.JoinAsync(room)).Payload().Integer("count"));
    }

    // The node's list of rooms is what a reaper reads, so a member must never be in Redis without it.
    [Fact]
    public async Task Nodes_HaveABeatAndDetails_UnderTheirIds()
    {
        var beats = await nodes.Redis.Database.SortedSetRangeByRankWithScoresAsync(nodes.Redis.Key("nodes"));
        var ids = await NodeIdsAsync();

        Assert.Equal(Sorted([.. ids.Values]), Sorted([.. beats.Select(beat => beat.Element.ToString())]));
        Assert.All(beats, beat => Assert.InRange(DateTimeOffset.FromUnixTimeMilliseconds((long)beat.Score), DateTimeOffset.UtcNow.AddMinutes(-2), DateTimeOffset.UtcNow.AddMinutes(2)));
        foreach (var (name, id) in ids)
        {
            Assert.StartsWith(name + "-", id, StringComparison.Ordinal);
            Assert.Equal(name, await nodes.Redis.Database.HashGetAsync(nodes.Redis.Key($"node:{id}"), "name"));
        }
    }

    private async Task<Dictionary<string, string>> NodeIdsAsync() =>
        (await nodes.First.Api.NodesAsync()).Ok["items"]!.AsArray().ToDictionary(
            node => (string)node!["name"]!, node => (string)node!["id"]!);

    private async Task<string[]> SetAsync(RedisKey key) =>
        Sorted([.. (await nodes.Redis.Database.SetMembersAsync(key)).Select(value => value.ToString())]);

    private static string[] Sorted(params string[] values) => [.. values.Order(StringComparer.Ordinal)];
}
