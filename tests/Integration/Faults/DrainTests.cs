using System.Net;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
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
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await node.Process.ReadinessAsync());
        Assert.Equal(HttpStatusCode.OK, (await node.Api.GetAsync("/healthz/live")).Status);
        await using var late = await RawWebSocket.ConnectAsync(node.BaseUri);
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
}
