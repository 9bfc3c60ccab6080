using System.Text.Json.Nodes;
using Fanout.Node.Backplane;
using Fanout.Node.Webhooks;
using Fanout.Tests.Contract.Backplanes;
using StackExchange.Redis;
using Xunit;

namespace Fanout.Tests.Contract.Redis;

/// <summary>The queue for webhooks in the moments in which a node dies, two nodes do the same, or Redis has lost something.</summary>
public sealed class WebhookQueueTests : IAsyncLifetime
{
    private static readonly WebhookPlan Plan = new(
        [new WebhookOptions { Name = "all", Url = "http://x/", Secret = "0123456789abcdef", Events = [.. WebhookEvents.All] }],
        new WebhookQueueOptions { VacatedDelay = TimeSpan.Zero, OfflineDelay = TimeSpan.Zero });

    private static readonly WebhookEndpoint All = Plan.Endpoints[0];

    private RedisRig _rig = null!;
    private TestNode _first = null!;
    private TestNode _second = null!;

    private IWebhookQueue First => _first.Backplane.Webhooks!;

    private IWebhookQueue Second => _second.Backplane.Webhooks!;

    private IDatabase Database => _rig.Scope.Database;

    public async ValueTask InitializeAsync()
    {
        _rig = await RedisRig.StartAsync();
        _first = await _rig.StartNodeAsync("first", webhooks: Plan);
        _second = await _rig.StartNodeAsync("second", webhooks: Plan);
        // From here on everything is for the receiver.
        await First.TakeAsync(All, 1);
    }

    public async ValueTask DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task OneNodeAtATime_CollectsAndSends()
    {
        Assert.True((await First.CollectAsync()).IsOurs);
        Assert.False((await Second.CollectAsync()).IsOurs);
        Assert.False((await Second.TakeAsync(All, 1)).IsOurs);

        await First.ReleaseAsync();

        Assert.True((await Second.CollectAsync()).IsOurs);
        Assert.True((await Second.TakeAsync(All, 1)).IsOurs);
        Assert.False((await First.TakeAsync(All, 1)).IsOurs);
    }

    // Its request took longer than it should, and another node has gone on.
    [Fact]
    public async Task NodeThatIsLate_MovesNothing()
    {
        await JoinAsync("room", "a");
        await First.CollectAsync();
        var late = await First.TakeAsync(All, 10);
        await Database.KeyDeleteAsync(Key("sender:all"));
        var taken = await Second.TakeAsync(All, 10);
        Assert.Equal(Ids(late), Ids(taken));

        Assert.False(await First.FinishAsync(All, late, late.Events.Count, [], ""));
        await First.FailAsync(All, TimeSpan.FromMinutes(1), false, "late");

        Assert.True(await Second.FinishAsync(All, taken, taken.Events.Count, [], ""));
        Assert.Empty((await Second.TakeAsync(All, 10)).Events);
        Assert.Equal((0, null), (await Second.StatesAsync())[0] is var state ? (state.Attempts, state.LastError) : default);
        Assert.Equal(0, await Database.StreamLengthAsync(Key("events")));
    }

    // Whoever goes on knows how often it was tried, and how long the receiver is to be left alone.
    [Fact]
    public async Task Failures_AreKeptForWhoeverGoesOn()
    {
        await JoinAsync("room", "a");
        await First.CollectAsync();
        await First.TakeAsync(All, 10);
        await First.FailAsync(All, TimeSpan.Zero, true, "it answered 422");
        await First.FailAsync(All, TimeSpan.FromMinutes(1), false, "it answered 500");
        await First.ReleaseAsync();

        Assert.InRange((await Second.TakeAsync(All, 10)).Wait.TotalSeconds, 50, 60);
        await Database.HashSetAsync(Key("state:all"), "retryAt", 0);
        Assert.Equal((2, 1), (await Second.TakeAsync(All, 10)) is var turn ? (turn.Attempts, turn.Refusals) : default);
        var state = (await First.StatesAsync())[0];
        Assert.Equal(("it answered 500", true), (state.LastError, state.FailingSince is not null));
    }

    // The look and what follows from it are two steps. In between the room was left, which made another mark.
    [Fact]
    public async Task RoomThatChangesUnderALook_IsLookedAtAgain()
    {
        await JoinAsync("room", "a");
        var due = Assert.Single(await Database.SortedSetRangeByRankWithScoresAsync(Key("due")), item => item.Element == "Eroom");
        await Database.SortedSetAddAsync(Key("due"), "Eroom", due.Score + 1);

        var announced = await Node.Backplane.Redis.RedisScript.Named("webhook_announce").RunAsync(
            Database, [Key("due"), Key("occupied"), Key("events"), Key("seq")], 100, "Eroom", due.Score, "1", "room", "room.occupied", "{}");

        Assert.Equal(0, (long)announced);
        Assert.Equal(0, await Database.StreamLengthAsync(Key("events")));
        await First.CollectAsync();
        Assert.Equal(["room.occupied"], (await First.TakeAsync(All, 10)).Events.Select(item => item.Type));
    }

    // Between adding to the queue and deleting in the room: what comes again has the same ids.
    [Fact]
    public async Task NodeThatDiesWhileItTakesOver_RepeatsWithTheSameIds()
    {
        await JoinAsync("presence.room", "a");
        var kept = await Database.StreamRangeAsync(_rig.Scope.RoomKey("presence.room", "events"));
        Assert.Single(kept);
        await First.CollectAsync();
        await Database.StreamAddAsync(_rig.Scope.RoomKey("presence.room", "events"), kept[0].Values);
        await Database.SortedSetAddAsync(Key("due"), "Mpresence.room", 1);
        await First.CollectAsync();

        var joined = (await First.TakeAsync(All, 10)).Events.Where(item => item.Type == "member.joined").ToList();
        Assert.Equal(2, joined.Count);
        Assert.Single(joined.Select(IdOf).Distinct());
        Assert.False(await Database.KeyExistsAsync(_rig.Scope.RoomKey("presence.room", "events")));
        Assert.Empty(await Database.SortedSetRangeByRankAsync(Key("due")));
    }

    [Fact]
    public async Task RoomWhoseEventsNobodyCollects_KeepsTheNewest_AndTellsHowManyAreLost()
    {
        var key = _rig.Scope.RoomKey("presence.room", "events");
        await Task.WhenAll(Enumerable.Range(0, 10_000).Select(_ => Database.StreamAddAsync(key, [new("t", "member.joined"), new("e", """{"id":"old"}"""), new("l", 0)])));

        await JoinAsync("presence.room", "a");
        await JoinAsync("presence.room", "b");

        Assert.Equal(10_000, await Database.StreamLengthAsync(key));
        var (added, lost) = (0L, 0L);
        for (var more = true; more;)
        {
            var result = await First.CollectAsync();
            (added, lost, more) = (added + result.Added, lost + result.Lost, result.MayBeMore);
        }

        Assert.Equal((10_001, 2), (added, lost));
    }

    // Redis lost the mark, or somebody deleted the room's members.
    [Fact]
    public async Task RoomThatIsEmptyWithoutAMark_IsFoundByTheSweep()
    {
        await JoinAsync("room", "a");
        await First.CollectAsync();
        await Database.KeyDeleteAsync(_rig.Scope.RoomKey("room", "members"));
        await First.CollectAsync();

        await First.SweepAsync(TestContext.Current.CancellationToken);
        await First.CollectAsync();

        Assert.Equal(["room.occupied", "room.vacated"], (await First.TakeAsync(All, 10)).Events.Select(item => item.Type));
    }

    // A node that died behind its change and before its mark: only the note of the room tells.
    [Fact]
    public async Task ChangeOfANodeThatDied_IsMarkedByTheReaper()
    {
        await JoinAsync("room", "a");
        await First.CollectAsync();
        await Database.KeyDeleteAsync(Key("due"));
        await _rig.KillAsync(_first);
        await Database.SortedSetAddAsync(_rig.Scope.Key("nodes"), _first.Backplane.NodeId, 1);

        await TestKit.Eventually.TrueAsync(async () => await Database.SortedSetScoreAsync(Key("due"), "Vroom") is not null, "the mark");
        await Database.KeyDeleteAsync([Key("collector"), Key("sender:all")]);
        await Second.CollectAsync();

        Assert.Equal(["room.occupied", "room.vacated"], (await Second.TakeAsync(All, 10)).Events.Select(item => item.Type));
    }

    [Fact]
    public async Task RedisThatLostEverything_BeginsAgain()
    {
        await JoinAsync("room", "a");
        await First.CollectAsync();
        var turn = await First.TakeAsync(All, 10);
        await First.FinishAsync(All, turn, 1, [], "");
        foreach (var key in (await _rig.Scope.KeysAsync()).Where(key => key.Contains("$webhooks", StringComparison.Ordinal)))
            await Database.KeyDeleteAsync(key);
        await JoinAsync("other", "a");
        await First.CollectAsync();

        var again = await First.TakeAsync(All, 10);
        Assert.Equal("other", Assert.Single(again.Events).Room);
        Assert.True(await First.FinishAsync(All, again, 1, [], ""));
        Assert.Empty((await First.TakeAsync(All, 10)).Events);
    }

    private string Key(string name) => _rig.Scope.Key("{$webhooks}:" + name);

    // The mark is made behind the answer.
    private async Task JoinAsync(string room, string client)
    {
        await _first.Members.AddAsync(room, new ClientIdentity(client, "ann", null, FakeStatus.Started));
        var mark = room.StartsWith("presence", StringComparison.Ordinal) ? "M" + room : "E" + room;
        await TestKit.Eventually.TrueAsync(async () => await Database.SortedSetScoreAsync(Key("due"), mark) is not null, "the mark");
    }

    private static List<string> Ids(WebhookTurn turn) => [.. turn.Events.Select(IdOf)];

    private static string IdOf(QueuedEvent item) => (string)JsonNode.Parse(item.Json.Span)!["id"]!;
}
