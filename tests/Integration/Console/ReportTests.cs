using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
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

        var busy = await console.ReportAsync("one", report => report["delivered"]!.GetValue<long>() >= 20);
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
        Assert.Contains(degraded["pending"]!.AsArray(), pending => pending!.AsObject().Text("kind") == "backplane_degraded");

        faulty.Proxy.Heal();
        await console.ReportAsync(name, report => report["backplane"]!.AsObject().Text("state") == "healthy");
        // What could not be told then stands in the history now, once.
        await Eventually.TrueAsync(
            async () => (await EventsAsync(faulty.Node)).Count(e => e.Text("kind") == "backplane_degraded") == 1, "the event in the history");
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
            kinds => kinds.Contains("node_draining"),
            "the events of a node that went");
        Assert.Contains("node_up", kinds);
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
