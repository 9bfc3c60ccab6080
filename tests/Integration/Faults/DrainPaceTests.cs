using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Fanout.Tests.Integration.Hostile;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Faults;

/// <summary>How fast a node leaves: not faster than the others can take its clients, and not later than its deadline.</summary>
public sealed partial class DrainPaceTests(RedisFixture redis)
{
    // By when the others saw them come: whatever the machine does, a client that obeys cannot be there before its moment.
    [Fact]
    public async Task Clients_ArriveAtTheOthers_NoFasterThanTheCap()
    {
        const int Clients = 200;
        const int PerSecond = 40;
        await using var scope = await redis.CreateScopeAsync();
        var options = new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix).With(
            ("Fanout:Drain:Window", "00:00:01"), ("Fanout:Drain:Notice", "00:00:00"), ("Fanout:Drain:ClosesPerSecond", $"{PerSecond}"));
        await using var staying = await RunningNode.StartAsync(options.With(("Fanout:Node:Name", "staying")));
        await using var leaving = await RunningNode.StartAsync(options.With(("Fanout:Node:Name", "leaving")));
        var clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => leaving.ConnectAsync()));
        var arrivals = new ConcurrentBag<TimeSpan>();

        var began = Stopwatch.GetTimestamp();
        leaving.Process.Terminate();
        await Task.WhenAll(clients.Select(async client =>
        {
            Assert.Equal(1001, (await client.WaitForCloseAsync(TimeSpan.FromSeconds(40))).Code);
            await using var next = await staying.ConnectAsync();
            arrivals.Add(Stopwatch.GetElapsedTime(began));
        }));

        var times = arrivals.Order().ToList();
        Assert.Equal(Clients, times.Count);
        for (var i = 0; i < times.Count; i++)
            Assert.True(i + 1 <= (times[i].TotalSeconds * PerSecond) + 2, $"{i + 1} had come after {times[i]}");
        Assert.Equal(0, await leaving.Process.WaitForExitAsync());
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    // Sockets that take nothing and answer nothing cannot hold a node beyond its deadline, nor keep it from leaving Redis clean.
    [Fact]
    public async Task ClientsThatDoNotRead_DoNotHoldTheNodeUp()
    {
        const int DeadlineMs = 9_000;
        await using var scope = await redis.CreateScopeAsync();
        await using var node = await RunningNode.StartAsync(new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix).With(
            ("Fanout:Drain:Window", "00:00:01"), ("Fanout:Drain:Notice", "00:00:00"), ("Fanout:Drain:Deadline", "00:00:09"),
            ("Fanout:Limits:StallTimeout", "00:01:00"), ("Fanout:Limits:MaxBacklogBytes", "67108864")));
        var deaf = new List<HostileSocket>();
        using var stop = new CancellationTokenSource(Deadlines.Default);
        for (var i = 0; i < 20; i++)
            deaf.Add(await HostileSocket.UpgradeAsync(node.BaseUri, "/ws?rooms=room", stop.Token, receiveBuffer: 4096));
        await Eventually.ValueAsync(async () => (await node.Api.RoomAsync("room")).Ok.Integer("members"), members => members == 20, "all in the room");
        var text = new string('x', 64 * 1024);
        for (var i = 0; i < 100; i++)
            Assert.True((await node.Api.PublishAsync("room", text)).IsSuccess);

        node.Process.Terminate();

        Assert.Equal(0, await node.Process.WaitForExitAsync(TimeSpan.FromSeconds(30)));
        // By the node's own clock.
        var last = node.Process.Logs.Last(line => line.Contains("Draining: drained", StringComparison.Ordinal));
        Assert.InRange(int.Parse(Elapsed().Match(last).Groups[1].Value, CultureInfo.InvariantCulture), 0, DeadlineMs);
        Assert.DoesNotContain(await scope.KeysAsync(), key => key.Contains(":members", StringComparison.Ordinal) || key.Contains("node", StringComparison.Ordinal));
        deaf.ForEach(socket => socket.Dispose());
    }

    // No key of the node's is left, whatever kind: looked at from outside, before and behind.
    [Fact]
    public async Task Redis_IsLeftAsItWas_ButForHistory()
    {
        await using var scope = await redis.CreateScopeAsync();
        var before = await scope.KeysAsync();
        await using var node = await RunningNode.StartAsync(new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix).With(
            ("Fanout:Drain:Window", "00:00:00"), ("Fanout:Drain:Notice", "00:00:00"),
            ("Fanout:Rooms:0:Pattern", "lobby"), ("Fanout:Rooms:0:Presence", "true"), ("Fanout:Presence:LeaveDelay", "00:00:05")));
        await using var client = await node.JoinAsync("lobby", TestClientOptions.Msgpack);
        await client.JoinAsync("other");
        Assert.True((await node.Api.PublishAsync("lobby", "hello", idempotencyKey: "k")).IsSuccess);
        Assert.NotEmpty((await scope.KeysAsync()).Except(before));

        node.Process.Terminate();
        await client.WaitForCloseAsync();
        Assert.Equal(0, await node.Process.WaitForExitAsync());

        // What belongs to the rooms and not to the node: messages, positions, idempotency keys.
        var left = (await scope.KeysAsync()).Except(before).ToList();
        Assert.All(left, key => Assert.Matches(@"\}:(stream|meta|key:.*)$", key));
    }

    [GeneratedRegex(@"(\d+) ms since it began")]
    private static partial Regex Elapsed();
}
