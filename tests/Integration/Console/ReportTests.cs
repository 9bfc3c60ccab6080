using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Fanout.Tests.TestKit.Sockets;
using StackExchange.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Console;

/// <summary>What nodes tell operators: reports while somebody watches, and events always.</summary>
public sealed class ReportTests(RedisFixture redis)
{
    [Fact]
    public async Task Reports_OfAllNodes_ComeWhileSomebodyWatches_AndEndWithThem()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var first = await StartAsync(scope, "one");
        await using var second = await StartAsync(scope, "two");
        var published = 0;
        await scope.Connection.GetSubscriber().SubscribeAsync(RedisChannel.Literal(scope.Prefix + "{$ops}"), (_, _) => Interlocked.Increment(ref published));

        await using (var console = await ConsoleClient.ConnectAsync(first.BaseUri, await ConsoleClient.TokenAsync(first.BaseUri)))
        {
            await console.JoinAsync("$ops");
            var report = await console.ReportAsync("one");
            Assert.Equal(("redis", "healthy", "not draining"), (report["backplane"]!.AsObject().Text("kind"), report["backplane"]!.AsObject().Text("state"), report.Text("drain")));
            await console.ReportAsync("two");
            // Again and again, with growing numbers.
            var seq = report["seq"]!.GetValue<long>();
            await console.ReportAsync("one", later => later["seq"]!.GetValue<long>() > seq);
            Assert.True(Volatile.Read(ref published) > 0);
        }

        // Silent for some seconds, in which both would have said something.
        var (last, since) = (-1, TimeProvider.System.GetTimestamp());
        await Eventually.TrueAsync(
            () =>
            {
                var now = Volatile.Read(ref published);
                if (now != last)
                    (last, since) = (now, TimeProvider.System.GetTimestamp());
                return TimeProvider.System.GetElapsedTime(since) > TimeSpan.FromSeconds(4);
            },
            "no more reports",
            TimeSpan.FromSeconds(40));
    }

    [Fact]
    public async Task Report_CountsWhatClientsDo_AndNotTheConsole()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var node = await StartAsync(scope, "one");
        await using var console = await ConsoleClient.ConnectAsync(node.BaseUri, await ConsoleClient.TokenAsync(node.BaseUri));
        await console.JoinAsync("$ops");
        await console.JoinAsync("$ops.events", new { since = new { last = 10 } });
        var idle = await console.ReportAsync("one", report => report["seq"]!.GetValue<long>() >= 3);
        Assert.Equal((0, 0, 0L), (idle["connections"]!.GetValue<int>(), idle["rooms"]!.GetValue<int>(), idle["delivered"]!.GetValue<long>()));

        await using var ann = await node.JoinAsync("chat");
        await using var bob = await node.JoinAsync("chat");
        for (var i = 0; i < 10; i++)
            await ann.PublishAsync("chat", i);

        var busy = await console.ReportAsync("one", report =>
            report["delivered"]!.GetValue<long>() >= 20 && report["published"]!.GetValue<long>() >= 10 && report["top"] is JsonArray and [{ } top, ..] && top["members"]!.GetValue<int>() >= 2);
        Assert.Equal((2, 1, 20L, 10L), (busy["connections"]!.GetValue<int>(), busy["rooms"]!.GetValue<int>(), busy["delivered"]!.GetValue<long>(), busy["published"]!.GetValue<long>()));
        Assert.Equal(("chat", 2), (busy["top"]![0]!.AsObject().Text("room"), busy["top"]![0]!["members"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Report_WhileRedisIsAway_StillComesFromTheNodeThatIsAsked()
    {
        await using var faulty = await FaultyRedis.StartAsync(redis);
        await using var console = await ConsoleClient.ConnectAsync(faulty.Node.BaseUri, await ConsoleClient.TokenAsync(faulty.Node.BaseUri));
        await console.JoinAsync("$ops");
        var name = (await console.ExpectTypeAsync("message", "$ops")).Payload().Text("name")!;

        faulty.Break();
        var degraded = await console.ReportAsync(name, report => report["backplane"]!.AsObject().Text("state") == "degraded" && report["pending"] is JsonArray { Count: > 0 });
        var pending = Assert.Single(degraded["pending"]!.AsArray(), pending => pending!.AsObject().Text("kind") == "backplane_degraded")!.AsObject().Text("id");

        faulty.Proxy.Heal();
        await console.ReportAsync(name, report => report["backplane"]!.AsObject().Text("state") == "healthy");
        // What could not be told then stands in the history now, once.
        await Eventually.TrueAsync(
            async () => (await EventsAsync(faulty.Node)).Count(e => e.Text("id") == pending) == 1, "the event in the history");
    }

    [Fact]
    public async Task Events_OfANodesLife_StandInTheHistory()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var stays = await StartAsync(scope, "stays");
        await using var goes = await StartAsync(scope, "goes");
        goes.Process.Terminate();
        Assert.Equal(0, await goes.Process.WaitForExitAsync());

        var kinds = await Eventually.ValueAsync(
            async () => (await EventsAsync(stays)).Where(e => e.Text("name") == "goes").Select(e => e.Text("kind")).ToList(),
            kinds => kinds.Contains("node_left"),
            "the events of a node that went");
        Assert.Equal(["node_up", "node_draining", "node_left"], kinds.Where(kind => kind!.StartsWith("node_", StringComparison.Ordinal)));
    }

    // Whoever drains more quickly than the reporter looks has left all the same.
    [Fact]
    public async Task Events_OfANodeThatIsGoneAtOnce_StandInTheHistory()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var stays = await StartAsync(scope, "stays");
        await using var goes = await StartAsync(scope, "goes", ("Fanout:Drain:Notice", "00:00:00"));
        goes.Process.Terminate();
        Assert.Equal(0, await goes.Process.WaitForExitAsync());

        await Eventually.TrueAsync(
            async () => (await EventsAsync(stays)).Where(e => e.Text("name") == "goes").Select(e => e.Text("kind")!).ToList() is [.., "node_draining", "node_left"], "the events of a node that went");
    }

    // One for each delivery: a message to many outweighs many to one. What the page makes of the counts is tested with it.
    [Fact]
    public async Task Latency_CountsEachDelivery()
    {
        const int Crowd = 60;
        await using var scope = await redis.CreateScopeAsync();
        await using var node = await StartAsync(scope, "one", ("Fanout:Limits:MessagesPerSecond", "0"));
        await using var console = await ConsoleClient.ConnectAsync(node.BaseUri, await ConsoleClient.TokenAsync(node.BaseUri));
        await console.JoinAsync("$ops");
        await console.ReportAsync("one");
        var crowd = await Task.WhenAll(Enumerable.Range(0, Crowd).Select(_ => node.JoinAsync("crowd")));
        await using var busy = await node.JoinAsync("busy");
        for (var i = 0; i < 20; i++)
            await busy.PublishAsync("busy", i);
        for (var i = 0; i < 3; i++)
            await busy.PublishAsync("crowd", i);
        Assert.True((await node.Api.PublishAsync("$all", "to all")).IsSuccess);
        foreach (var client in crowd)
            await client.WaitForMessagesAsync("crowd", 3);

        const int Delivered = 20 + (3 * Crowd) + Crowd + 1;
        var report = await console.ReportAsync("one", report => Sum(report) >= Delivered && Sum(report) == report["delivered"]!.GetValue<long>());
        // The console itself is a connection that $all reaches.
        Assert.InRange(Sum(report), Delivered, Delivered + 1);
        // They only grow: a report that is lost does no harm.
        await busy.PublishAsync("busy", "one more");
        var after = await console.ReportAsync("one", later => Sum(later) >= Delivered + 1 && later["seq"]!.GetValue<long>() > report["seq"]!.GetValue<long>());
        Assert.InRange(Sum(after), Delivered + 1, Delivered + 2);
        foreach (var client in crowd)
            await client.DisposeAsync();

        static long Sum(JsonObject report) => report["latency"]?.AsObject().Sum(step => step.Value!.GetValue<long>()) ?? 0;
    }

    // A node that is full of rooms, and connections that may be in one: the page still gets what it lives on, and takes nobody's place.
    [Fact]
    public async Task Reports_OfANodeThatIsFull_StillCome()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var node = await StartAsync(
            scope, "one", ("Fanout:Limits:MaxRooms", "1"), ("Fanout:Limits:MaxRoomsPerConnection", "1"), ("Fanout:Limits:MessagesPerSecond", "1"), ("Fanout:Limits:MessageBurst", "1"));
        await using var client = await node.JoinAsync("chat");
        await using var console = await ConsoleClient.ConnectAsync(node.BaseUri, await ConsoleClient.TokenAsync(node.BaseUri));

        await console.JoinAsync("$ops");
        await console.JoinAsync("$ops.events");
        // And there is still a place for a room to try things in.
        await console.JoinAsync("chat");
        await console.PublishAsync("chat", 1);
        await console.PublishAsync("chat", 2);
        Assert.Equal(1, (await console.ReportAsync("one"))["rooms"]!.GetValue<int>());
        Assert.Equal("too_many_rooms", (await console.RequestErrorAsync(new { type = "join", room = "another" })).Text("code"));
    }

    // A slow reader is cut, and the operators hear of it.
    [Fact]
    public async Task SlowConsumer_ThatIsCut_IsAnEvent()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var node = await StartAsync(
            scope, "one", ("Fanout:Limits:MaxBacklogBytes", "65536"), ("Fanout:Limits:MessagesPerSecond", "0"), ("Fanout:Rooms:0:Pattern", "flood"), ("Fanout:Rooms:0:HistorySize", "0"));
        await using var slow = await RawWebSocket.ConnectAsync(node.BaseUri, new RawWebSocketOptions { PathAndQuery = "/ws?rooms=flood", ReceiveBufferBytes = 4096 });
        await using var publisher = await node.JoinAsync("flood");
        var large = new string('x', 30_000);

        await Eventually.TrueAsync(
            async () =>
            {
                await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => publisher.PublishAsync("flood", large)));
                return (await EventsAsync(node)).Any(e => e.Text("kind") == "slow_consumers" && e.Text("text") == "1 client was closed because it reads too slowly");
            },
            "the event");
    }

    [Fact]
    public async Task Limit_ThatIsHit_IsAnEvent()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var node = await StartAsync(scope, "one", ("Fanout:Limits:MaxRoomsPerConnection", "1"));
        await using var client = await node.JoinAsync("first");
        await client.RequestErrorAsync(new { type = "join", room = "second" });

        await Eventually.TrueAsync(
            async () => (await EventsAsync(node)).Any(e => e.Text("kind") == "limit" && e.Text("text") == "1 refusal by the limit of rooms for each connection"), "the event");
    }

    private static Task<RunningNode> StartAsync(RedisScope scope, string name, params (string, string?)[] more) => RunningNode.StartAsync(
        new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix).With([("Fanout:Node:Name", name), ("Fanout:Drain:Window", "00:00:00.1"), ("Fanout:Drain:Notice", "00:00:01"), .. more]));

    private static async Task<List<JsonObject>> EventsAsync(RunningNode node)
    {
        var history = await node.Api.HistoryAsync("$ops.events", "?limit=200");
        return history.IsSuccess ? [.. history.Ok["items"]!.AsArray().Select(item => item!["payload"]!.AsObject())] : [];
    }
}
