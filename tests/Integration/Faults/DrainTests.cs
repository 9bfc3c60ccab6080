using System.Net;
using System.Text.RegularExpressions;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Faults;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.Faults;

/// <summary>SIGTERM: the node leaves in order.</summary>
public sealed class DrainTests(RedisFixture redis)
{
    [Fact]
    public async Task Terminate_SendsClientsAway_AndLeavesRedisToTheOtherNodes()
    {
        await using var scope = await redis.CreateScopeAsync();
        var options = new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix)
            .With(("Fanout:Drain:Window", "00:00:01"), ("Fanout:Drain:Notice", "00:00:00"));
        await using var staying = await RunningNode.StartAsync(options.With(("Fanout:Node:Name", "staying")));
        await using var leaving = await RunningNode.StartAsync(options.With(("Fanout:Node:Name", "leaving")));
        var room = Rooms.New();
        await using var member = await staying.JoinAsync(room);
        await using var json = await leaving.JoinAsync(room);
        await using var msgpack = await leaving.JoinAsync(room, TestClientOptions.Msgpack);

        leaving.Process.Terminate();

        foreach (var client in new[] { json, msgpack })
        {
            Assert.InRange((await client.ExpectTypeAsync("drain")).Payload().Integer("reconnectAfterMs") ?? -1, 0, 1_000);
            var close = await client.WaitForCloseAsync();
            Assert.Equal((1001, TcpEnd.Fin), (close.Code, close.End));
        }

        Assert.Equal(0, await leaving.Process.WaitForExitAsync());
        Assert.DoesNotContain(await scope.KeysAsync(), key => key.Contains("leaving", StringComparison.Ordinal));
        Assert.Single(await scope.Database.SetMembersAsync(scope.RoomKey(room, "members")));
        Assert.Equal(1, await scope.Database.SortedSetLengthAsync(scope.Key("nodes")));
        Assert.Equal(1, (await staying.Api.RoomAsync(room)).Ok.Integer("members"));
        await member.PingAsync();
    }

    // One client does not answer the close: it holds the node up for the five seconds that it has, and so lets the test look.
    [Fact]
    public async Task Terminate_MakesTheNodeUnready_AndRefusesNewSockets_AtOnce()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Drain:Window", "00:00:00")));
        await using var deaf = (await RawWebSocket.ConnectAsync(node.BaseUri)).EnsureAccepted();
        await deaf.ReceiveFrameAsync();

        node.Process.Terminate();

        Assert.Contains("drain", (await deaf.ReceiveFrameAsync()).Text, StringComparison.Ordinal);
        // All at once: there are five seconds.
        var (ready, live, connect) = (node.Process.ReadinessAsync(), node.Api.GetAsync("/healthz/live"), RawWebSocket.ConnectAsync(node.BaseUri));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await ready);
        Assert.Equal(HttpStatusCode.OK, (await live).Status);
        await using var late = await connect;
        Assert.Equal(503, late.Handshake!.Status);
        Assert.NotNull(late.Handshake.Header("Retry-After"));
        Assert.Equal(0, await node.Process.WaitForExitAsync());
    }

    // The closes of many members come at once; each of their memberships must be out of Redis before the node is.
    [Fact]
    public async Task Terminate_WithManyMembers_LeavesNoneOfThemInRedis()
    {
        const int Clients = 60;
        await using var scope = await redis.CreateScopeAsync();
        await using var node = await RunningNode.StartAsync(
            new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix)
                .With(("Fanout:Drain:Window", "00:00:00"), ("Fanout:Drain:Notice", "00:00:00")));
        var rooms = string.Join(',', Enumerable.Range(0, 10).Select(i => $"room-{i}"));
        var clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => node.ConnectAsync(new TestClientOptions { Rooms = rooms })));
        foreach (var client in clients)
            await client.ExpectTypeAsync("joined", "room-9");

        node.Process.Terminate();

        Assert.Equal(0, await node.Process.WaitForExitAsync());
        Assert.DoesNotContain(
            await scope.KeysAsync(), key => key.Contains(":members", StringComparison.Ordinal) || key.Contains("node", StringComparison.Ordinal));
        Assert.All(await Task.WhenAll(clients.Select(client => client.WaitForCloseAsync())), close => Assert.Equal(1001, close.Code));
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    // Each phase can be seen from outside, in its order: here by the log and by what the other nodes list.
    [Fact]
    public async Task Terminate_GoesThroughItsPhases_ForAllToSee()
    {
        await using var scope = await redis.CreateScopeAsync();
        var options = new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix).With(("Fanout:Drain:Window", "00:00:00"));
        await using var staying = await RunningNode.StartAsync(options.With(("Fanout:Node:Name", "staying")));
        await using var leaving = await RunningNode.StartAsync(options.With(("Fanout:Node:Name", "leaving"), ("Fanout:Drain:Notice", "00:10:00"), ("Fanout:Drain:Deadline", "00:20:00")));
        await using var client = await leaving.ConnectAsync();

        leaving.Process.Terminate();

        // Readiness fails before any client is asked to go.
        await leaving.Process.WaitForLogAsync("Draining: announced; 1 connections");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await leaving.Process.ReadinessAsync());
        Assert.Matches(@"fanout_drain_phase\S* 1\b", (await leaving.Api.GetAsync("/metrics")).Text);
        Assert.Contains("\"detail\":\"announced\"", (await leaving.Api.GetAsync("/healthz/ready")).Text, StringComparison.Ordinal);
        Assert.Equal("pong", (await client.PingAsync()).Text("type"));
        await Eventually.ValueAsync(
            async () => (await staying.Api.NodesAsync()).Text, text => text.Contains("\"draining\":true", StringComparison.Ordinal), "the other node to list it as draining");
        // All is seen: it need not stay any longer.
        leaving.Process.Terminate();
        Assert.Equal(1001, (await client.WaitForCloseAsync()).Code);
        Assert.Equal(0, await leaving.Process.WaitForExitAsync());
        var phases = leaving.Process.Logs.Where(line => line.Contains("Draining: ", StringComparison.Ordinal))
            .Select(line => line[(line.IndexOf("Draining: ", StringComparison.Ordinal) + 10)..line.IndexOf(';', StringComparison.Ordinal)]);
        Assert.Equal(["announced", "closing", "flushing", "leaving", "drained"], phases);
    }

    // With a window of 20 minutes: the test would run out of time if the second signal did nothing.
    [Fact]
    public async Task SecondSignal_CutsTheWindowShort_AndStillLeavesRedisClean()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var node = await RunningNode.StartAsync(new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix).With(
            ("Fanout:Drain:Window", "00:20:00"), ("Fanout:Drain:Deadline", "00:40:00"), ("Fanout:Drain:Notice", "00:10:00")));
        var clients = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => node.JoinAsync("room")));

        node.Process.Terminate();
        await node.Process.WaitForLogAsync("Draining: announced");
        node.Process.Terminate();

        Assert.Equal(0, await node.Process.WaitForExitAsync());
        Assert.All(await Task.WhenAll(clients.Select(client => client.WaitForCloseAsync())), close => Assert.Equal(1001, close.Code));
        Assert.DoesNotContain(await scope.KeysAsync(), key => key.Contains(":members", StringComparison.Ordinal) || key.Contains("node", StringComparison.Ordinal));
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    [Fact]
    public async Task Clients_AreToldMomentsThatTheCapAllows()
    {
        const int Clients = 40;
        const int PerSecond = 20;
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Fanout:Drain:Window", "00:00:00"), ("Fanout:Drain:Notice", "00:00:00"), ("Fanout:Drain:ClosesPerSecond", $"{PerSecond}")));
        var clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => node.ConnectAsync()));

        node.Process.Terminate();

        var delays = await Task.WhenAll(clients.Select(async client => (await client.ExpectTypeAsync("drain")).Payload().Integer("reconnectAfterMs") ?? -1));
        Assert.All(delays.CountBy(delay => delay / 1_000), second => Assert.InRange(second.Value, 1, PerSecond + 1));
        Assert.InRange(delays.Max(), 1_900, 2_000);
        Assert.All(await Task.WhenAll(clients.Select(client => client.WaitForCloseAsync())), close => Assert.Equal(1001, close.Code));
        Assert.Equal(0, await node.Process.WaitForExitAsync());
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    // What waits for a slow socket when the drain begins comes before its close frame.
    [Fact]
    public async Task Terminate_WithABacklog_FlushesIt()
    {
        const int Messages = 200;
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Fanout:Drain:Window", "00:00:00"), ("Fanout:Drain:Notice", "00:00:00"),
            ("Fanout:Limits:MaxBacklogBytes", "16777216"), ("Fanout:Limits:StallTimeout", "00:10:00"),
            // With a log, half of what it holds sends a slow member there, and what it has not read is left for its next connection.
            ("Fanout:Rooms:0:Pattern", "room"), ("Fanout:Rooms:0:HistorySize", "0")));
        await using var slow = await node.ConnectAsync(new TestClientOptions { ReceiveBufferBytes = 4096 });
        await slow.JoinAsync("room");
        slow.PauseReading();
        var text = new string('x', 32 * 1024);
        for (var i = 0; i < Messages; i++)
            Assert.True((await node.Api.PublishAsync("room", text)).IsSuccess);

        await HandedOutAsync(node, Messages);
        node.Process.Terminate();
        await node.Process.WaitForLogAsync("Draining: flushing");
        slow.ResumeReading();

        Assert.Equal(Messages, (await slow.WaitForMessagesAsync("room", Messages)).Count);
        Assert.Equal(1001, (await slow.WaitForCloseAsync()).Code);
        Assert.Equal(0, await node.Process.WaitForExitAsync());
    }

    // A client that takes what it is sent, but slowly, was reset five seconds after its close had been asked for.
    [Fact]
    public async Task Terminate_WithABacklogThatTakesItsTime_FlushesIt()
    {
        const int Messages = 300;
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Fanout:Drain:Window", "00:00:00"), ("Fanout:Drain:Notice", "00:00:00"), ("Fanout:Drain:Deadline", "00:00:50"),
            ("Fanout:Limits:StallTimeout", "00:01:00"), ("Fanout:Limits:MaxBacklogBytes", "16777216"), ("Fanout:Rooms:0:Pattern", "room"), ("Fanout:Rooms:0:HistorySize", "0")));
        await using var proxy = FaultProxy.Start(node.BaseUri);
        await using var slow = await TestClient.ConnectAsync(proxy.BaseUri);
        await slow.JoinAsync("room");
        proxy.Throttle(200_000, ProxyDirection.ToClient);
        var text = new string('x', 32 * 1024);
        for (var i = 0; i < Messages; i++)
            Assert.True((await node.Api.PublishAsync("room", text)).IsSuccess);

        await HandedOutAsync(node, Messages);
        node.Process.Terminate();
        await node.Process.WaitForLogAsync("Draining: flushing");
        // At the proxy's rate these take more than seven seconds, longer than a peer that takes nothing has.
        await slow.WaitForMessagesAsync("room", slow.Messages("room").Count + 45);
        Assert.False(slow.Closed.IsCompleted);
        proxy.Heal();

        Assert.Equal(Messages, (await slow.WaitForMessagesAsync("room", Messages)).Count);
        Assert.Equal(1001, (await slow.WaitForCloseAsync()).Code);
        Assert.Equal(0, await node.Process.WaitForExitAsync());
    }

    // Ten minutes for a client that reads nothing: the test would run out of time if the second signal did nothing.
    [Fact]
    public async Task SecondSignal_WhileBacklogsAreFlushed_CutsThemShort()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var node = await RunningNode.StartAsync(new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix).With(
            ("Fanout:Drain:Window", "00:00:00"), ("Fanout:Drain:Notice", "00:00:00"), ("Fanout:Drain:Deadline", "00:10:00"),
            ("Fanout:Limits:StallTimeout", "00:10:00"), ("Fanout:Limits:MaxBacklogBytes", "67108864"),
            ("Fanout:Rooms:0:Pattern", "room"), ("Fanout:Rooms:0:HistorySize", "0")));
        await using var deaf = await node.ConnectAsync(new TestClientOptions { ReceiveBufferBytes = 4096 });
        await deaf.JoinAsync("room");
        deaf.PauseReading();
        var text = new string('x', 64 * 1024);
        for (var i = 0; i < 150; i++)
            Assert.True((await node.Api.PublishAsync("room", text)).IsSuccess);

        node.Process.Terminate();
        await node.Process.WaitForLogAsync("Draining: flushing");
        node.Process.Terminate();

        Assert.Equal(0, await node.Process.WaitForExitAsync());
        Assert.DoesNotContain(await scope.KeysAsync(), key => key.Contains(":members", StringComparison.Ordinal) || key.Contains("node", StringComparison.Ordinal));
    }

    // A Redis that hangs instead of ending its connections: nothing fails, everything waits.
    [Fact]
    public async Task Terminate_WhileRedisHangs_EndsByTheDeadline()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var proxy = FaultProxy.Start(scope.ConnectionString.Split(',')[0]);
        await using var node = await RunningNode.StartAsync(new NodeOptions().WithRedis(proxy.EndPoint, scope.Prefix).With(
            ("Fanout:Drain:Window", "00:00:00"), ("Fanout:Drain:Notice", "00:00:00"), ("Fanout:Drain:Deadline", "00:00:06"),
            ("Fanout:Redis:CommandTimeout", "00:02:00"),
            // Whose queue is looked at once in a while.
            ("Fanout:Webhooks:0:Name", "all"), ("Fanout:Webhooks:0:Url", "http://127.0.0.1:9/"), ("Fanout:Webhooks:0:Secret", "a secret that is long enough to be one"), ("Fanout:Webhooks:0:Events:0", "room.occupied")));
        await using var client = await node.JoinAsync("room");
        proxy.BlackHole();

        node.Process.Terminate();

        Assert.Equal(1001, (await client.WaitForCloseAsync()).Code);
        // Two minutes each, for whoever waits for an answer or a goodbye of Redis.
        Assert.Equal(0, await node.Process.WaitForExitAsync());
    }

    [Fact]
    public async Task SecondSignal_WhileRedisHangs_CutsTheLeavingShort()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var proxy = FaultProxy.Start(scope.ConnectionString.Split(',')[0]);
        await using var node = await RunningNode.StartAsync(new NodeOptions().WithRedis(proxy.EndPoint, scope.Prefix).With(
            ("Fanout:Drain:Window", "00:00:00"), ("Fanout:Drain:Notice", "00:00:00"), ("Fanout:Drain:Deadline", "00:10:00"),
            ("Fanout:Health:ProbeInterval", "00:05:00"), ("Fanout:Health:ProbeTimeout", "00:05:00")));
        await using var client = await node.JoinAsync("room");
        proxy.BlackHole();

        node.Process.Terminate();
        await client.WaitForCloseAsync();
        await node.Process.WaitForLogAsync("Draining: leaving");
        node.Process.Terminate();

        Assert.Equal(0, await node.Process.WaitForExitAsync());
    }

    [Fact]
    public async Task Terminate_WhileRedisIsAway_StillEndsWell()
    {
        await using var faulty = await FaultyRedis.StartAsync(redis);
        await using var client = await faulty.Node.JoinAsync(Rooms.New());
        await faulty.BreakAsync(client);

        faulty.Node.Process.Terminate();

        Assert.Equal(1001, (await client.WaitForCloseAsync()).Code);
        // Nothing can be left clean, so there is nothing to wait for until the drain's own deadline of 25 seconds.
        Assert.Equal(0, await faulty.Node.Process.WaitForExitAsync(TimeSpan.FromSeconds(18)));
    }

    [Fact]
    public async Task Terminate_BeforeRedisEverCame_EndsWell()
    {
        await using var faulty = await FaultyRedis.StartAsync(redis, reachable: false);
        await faulty.Node.Process.WaitForLogAsync("Waiting for Redis");

        faulty.Node.Process.Terminate();

        Assert.Equal(0, await faulty.Node.Process.WaitForExitAsync());
    }

    // A large message is prepared beside the lane, and a close would overtake it there.
    private static Task HandedOutAsync(RunningNode node, int messages) => Eventually.TrueAsync(
        async () => Regex.IsMatch((await node.Api.GetAsync("/metrics")).Text, $$"""fanout_messages_delivered_total(\{[^}]*\})? {{messages}}\b"""), $"{messages} messages with the member's backlog");
}
