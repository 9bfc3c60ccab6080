using System.Text.Json.Nodes;
using Fanout.Node.Backplane;
using Fanout.Node.Webhooks;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
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

    private const string Presence = "presence.room";

    private RedisRig _rig = null!;
    private TestNode _first = null!;
    private TestNode _second = null!;

    private IWebhookQueue First => _first.Backplane.Webhooks!;

    private IWebhookQueue Second => _second.Backplane.Webhooks!;

    private IDatabase Database => _rig.Scope.Database;

    public async ValueTask InitializeAsync()
    {
        _rig = await RedisRig.StartAsync();
        // Of nobody here the lease may lapse: a node that takes a new incarnation makes events that no test expects.
        _rig.Lease.Expire = TimeSpan.FromMinutes(1);
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
        await First.FailAsync(All, late, TimeSpan.FromMinutes(1), false, "late");

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
        var failed = await First.TakeAsync(All, 10);
        await First.FailAsync(All, failed, TimeSpan.Zero, true, "it answered 422");
        await First.FailAsync(All, failed, TimeSpan.FromMinutes(1), false, "it answered 500");
        await First.ReleaseAsync();

        Assert.InRange((await Second.TakeAsync(All, 10)).Wait.TotalSeconds, 50, 60);
        await Database.HashSetAsync(Key("state:all"), "retryAt", 0);
        Assert.Equal((2, 1), (await Second.TakeAsync(All, 10)) is var turn ? (turn.Attempts, turn.Refusals) : default);
        var state = (await First.StatesAsync())[0];
        Assert.Equal(("it answered 500", true), (state.LastError, state.FailingSince is not null));
    }

    // It would be dead after one try, with those that failed twenty times.
    [Fact]
    public async Task WhatComesBehindAFailure_IsNotTriedWithWhatFailed()
    {
        await JoinAsync("early", "a");
        await First.CollectAsync();
        await First.FailAsync(All, await First.TakeAsync(All, 10), TimeSpan.Zero, false, "it answered 500");
        await JoinAsync("late", "b");
        await First.CollectAsync();

        var again = await First.TakeAsync(All, 10);
        Assert.Equal((1, "early"), (again.Attempts, Assert.Single(again.Events).Room));
        Assert.True(await First.FinishAsync(All, again, 0, again.Events, "it answered 500"));
        var next = await First.TakeAsync(All, 10);

        Assert.Equal((0, "late"), (next.Attempts, Assert.Single(next.Events).Room));
    }

    [Fact]
    public async Task WhatFailedAndFellOutOfTheQueue_LeavesItsTriesToNobody()
    {
        await JoinAsync("early", "a");
        await First.CollectAsync();
        await First.FailAsync(All, await First.TakeAsync(All, 10), TimeSpan.Zero, true, "it answered 422");
        await JoinAsync("late", "b");
        await First.CollectAsync();
        await Database.StreamTrimAsync(Key("events"), 1);

        var next = await First.TakeAsync(All, 10);

        Assert.Equal((0, 0, 1, "late"), (next.Attempts, next.Refusals, next.Lost, Assert.Single(next.Events).Room));
        Assert.NotNull((await First.StatesAsync())[0].FailingSince);
    }

    // ann was lost on the first node, came back on the second and left there; bob comes while the first still waits for her.
    [Fact]
    public async Task RoomInWhichOnlyALostConnectionIsLeft_IsEmpty_AndIsOccupiedByTheNext()
    {
        await TakeThePlaceAsync(null);
        await _second.Members.RemoveAsync(Presence, Client("back"));
        await CollectMarkedAsync("V" + Presence);

        await _first.Members.AddAsync(Presence, Client("bob", "bob"));
        await CollectMarkedAsync("E" + Presence);
        await _first.Members.RemoveAsync(Presence, Client("bob", "bob"));
        await CollectMarkedAsync("V" + Presence);

        Assert.Equal(
            ["room.occupied", "room.vacated", "room.occupied", "room.vacated"],
            (await First.TakeAsync(All, 100)).Events.Select(item => item.Type).Where(type => type.StartsWith("room.", StringComparison.Ordinal)));
    }

    // Who counts connections by their ids must be told of each that comes and of each that goes.
    [Fact]
    public async Task ConnectionThatTakesALostOnesPlace_IsTold_AndSoIsTheLostOnesEnd()
    {
        await TakeThePlaceAsync(new Payload(WireFormat.Json, "{\"name\":\"Ann\"}"u8.ToArray()));
        await _second.Members.RemoveAsync(Presence, Client("back"));
        await CollectMarkedAsync("M" + Presence);

        var members = (await First.TakeAsync(All, 100)).Events.Where(item => item.Type.StartsWith("member.", StringComparison.Ordinal)).Select(item => JsonNode.Parse(item.Json.Span)!.AsObject()).ToList();
        Assert.Equal(
            ["member.joined lost", "member.joined back", "member.left lost", "member.left back"], members.Select(item => $"{item["type"]} {item["clientId"]}"));
        Assert.Equal(("lost", "back"), ((string?)members[1]["replaces"], (string?)members[2]["replacedBy"]));
        Assert.Equal(["id", "type", "timestamp", "room", "clientId", "userId", "replacedBy", "info"], members[2].Select(field => field.Key));
        Assert.Equal((Presence, "ann", "{\"name\":\"Ann\"}"), ((string?)members[2]["room"], (string?)members[2]["userId"], members[2]["info"]!.ToJsonString()));
        Assert.Equal(4, members.Select(item => (string?)item["id"]).Distinct().Count());
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
        Assert.Equal(2, (await Second.StatesAsync())[0].Lost);
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

    // The other way round: what was told last is lost.
    [Fact]
    public async Task RoomThatIsOccupiedAndNotTold_IsFoundByTheSweep()
    {
        await JoinAsync("room", "a");
        await First.CollectAsync();
        await Database.KeyDeleteAsync(Key("occupied"));

        await First.SweepAsync(TestContext.Current.CancellationToken);
        await First.CollectAsync();

        Assert.Equal(["room.occupied", "room.occupied"], (await First.TakeAsync(All, 10)).Events.Select(item => item.Type));
    }

    // Redis lost the members, the room was told to be vacated, and then the node put them back.
    [Fact]
    public async Task RoomWhoseMembersArePutBack_IsToldAgain()
    {
        var node = await _rig.StartNodeAsync("third", health: new HealthOptions { ProbeInterval = TimeSpan.FromMilliseconds(200), AuditInterval = TimeSpan.FromMilliseconds(50) }, webhooks: Plan);
        await node.Members.AddAsync("mended", Client("c"));
        await CollectMarkedAsync("Emended");
        await Database.SetRemoveAsync(Key("occupied"), "mended");
        await Database.KeyDeleteAsync(_rig.Scope.RoomKey("mended", "members"));

        await CollectMarkedAsync("Emended");

        Assert.Equal(["room.occupied", "room.occupied"], (await First.TakeAsync(All, 10)).Events.Select(item => item.Type));
    }

    [Fact]
    public async Task DeadLettersOfAReceiverThatNobodyKnows_Stay()
    {
        await BuryAsync("gone", 1);
        await BuryAsync("all", 1);

        Assert.Equal(new WebhookReplay(1, false), await First.ReplayAsync(["all"]));

        Assert.Equal("gone", Assert.Single((await First.DeadLettersAsync(null, 10)).Items).Endpoint);
        Assert.Equal("all", Assert.Single((await First.TakeAsync(All, 10)).Events).Target);
    }

    [Fact]
    public async Task DeadLetters_ComeBackAsFarAsThereIsRoom()
    {
        var small = new WebhookPlan([All.Options], new WebhookQueueOptions { MaxEvents = 3 });
        var queue = (await _rig.StartNodeAsync("third", webhooks: small)).Backplane.Webhooks!;
        await First.ReleaseAsync();
        await BuryAsync("all", 5);

        Assert.Equal(new WebhookReplay(3, true), await queue.ReplayAsync(["all"]));
        Assert.Equal(new WebhookReplay(0, true), await queue.ReplayAsync(["all"]));
        var turn = await queue.TakeAsync(All, 10);
        Assert.Equal(["1", "2", "3"], Ids(turn));
        await queue.FinishAsync(All, turn, 3, [], "");

        Assert.Equal(new WebhookReplay(2, false), await queue.ReplayAsync(["all"]));
        var rest = await queue.TakeAsync(All, 10);
        Assert.Equal(["4", "5"], Ids(rest));
        Assert.Equal(0, rest.Lost);
    }

    // A node that died behind its change and before its mark: only the note of the room tells.
    [Fact]
    public async Task ChangeOfANodeThatDied_IsMarkedByTheReaper()
    {
        await JoinAsync("room", "a");
        await First.CollectAsync();
        await Database.KeyDeleteAsync(Key("due"));
        // One that reaps before a minute is over.
        _rig.Lease.Expire = TimeSpan.FromSeconds(5);
        await _rig.StartNodeAsync("third", webhooks: Plan);
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

    // ann's connection is lost on the first node, and another one of hers takes its place on the second.
    private async Task TakeThePlaceAsync(Payload? info)
    {
        await _first.Members.AddAsync(Presence, Client("lost", info: info));
        await CollectMarkedAsync("E" + Presence);
        await _first.Members.BeginLeavingAsync(Presence, Client("lost"));
        await _second.Members.AddAsync(Presence, Client("back"));
        await CollectMarkedAsync("E" + Presence);
    }

    private async Task CollectMarkedAsync(string mark)
    {
        await MarkedAsync(mark);
        await First.CollectAsync();
    }

    private async Task BuryAsync(string receiver, int count)
    {
        for (var i = 1; i <= count; i++)
            await Database.StreamAddAsync(Key("dead"), [new("to", receiver), new("t", "room.occupied"), new("r", "room"), new("e", $$"""{"id":"{{i}}"}"""), new("n", 1), new("w", "it answered 422")]);
    }

    private string Key(string name) => _rig.Scope.Key("{$webhooks}:" + name);

    // The mark is made behind the answer.
    private async Task JoinAsync(string room, string client)
    {
        await _first.Members.AddAsync(room, Client(client));
        await MarkedAsync(room.StartsWith("presence", StringComparison.Ordinal) ? "M" + room : "E" + room);
    }

    private Task MarkedAsync(string mark) => TestKit.Eventually.TrueAsync(async () => await Database.SortedSetScoreAsync(Key("due"), mark) is not null, $"the mark {mark}");

    private static ClientIdentity Client(string id, string user = "ann", Payload? info = null) => new(id, user, info, FakeStatus.Started);

    private static List<string> Ids(WebhookTurn turn) => [.. turn.Events.Select(IdOf)];

    private static string IdOf(QueuedEvent item) => (string)JsonNode.Parse(item.Json.Span)!["id"]!;
}
