using System.Text.RegularExpressions;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.SlowReaders;

/// <summary>One member of a thousand stops reading while large messages flow.</summary>
[Collection(Alone.Name)]
public sealed class StalledMemberTests
{
    private const int Members = 1_000;
    private const int Messages = 600;

    // Fewer than a healthy member's share of the backlog, so that only who does not read at all comes to its bound.
    private const int InFlight = 10;

    // Without history the backlog's bound ends it. With history half of the history comes first: it waits at its cursor then, until the time
    // without progress ends it.
    [Theory]
    [InlineData(0, 256, "00:10:00", "backlog")]
    [InlineData(64, 1024, "00:00:02", "stalled")]
    public async Task StalledMember_IsCutWith4001_AndTheOthersLoseNothing(int historySize, int backlogKilobytes, string stallTimeout, string reason)
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(
            // The members answer no ping.
            ("Fanout:Heartbeat:Interval", "00:00:00"),
            ("Fanout:Heartbeat:Timeout", "00:00:00"),
            ("Fanout:Rooms:0:Pattern", "*"),
            ("Fanout:Rooms:0:HistorySize", $"{historySize}"),
            ("Fanout:Limits:MaxBacklogBytes", $"{backlogKilobytes * 1024}"),
            ("Fanout:Limits:StallTimeout", stallTimeout)));
        var room = Rooms.New();
        var members = await Task.WhenAll(Enumerable.Range(0, Members).Select(_ => CountingMember.JoinAsync(node.BaseUri, room)));
        await using var stalled = await node.ConnectAsync(new TestClientOptions { ReceiveBufferBytes = 64 * 1024 });
        await stalled.JoinAsync(room);
        stalled.PauseReading();
        var before = ResidentBytes(node);
        var cut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var end = EndAsync(node, stalled, reason, cut);

        var tail = new string('x', 10 * 1024);
        var most = 0L;
        for (var i = 0; i < Messages; i++)
        {
            Assert.True((await node.Api.PublishAsync(room, $"{i:D6}{tail}")).IsSuccess);
            if (i % InFlight != InFlight - 1)
                continue;
            await Eventually.TrueAsync(() => members.All(member => member.Count > i || member.Fault is not null), $"message {i} with all members");
            most = Math.Max(most, ResidentBytes(node) - before);
            // A peer that was cut has 5 s to read up to its close frame: nothing else is done on this machine meanwhile.
            if (cut.Task.IsCompleted)
                await end;
        }

        Assert.Equal(4001, (await end).Code);
        Assert.All(members, member => Assert.Equal((null, Messages), (member.Fault, member.Count)));
        // The runtime's own share of 6 GB that went through included; a backlog without a bound would show.
        Assert.InRange(most, long.MinValue, 200L << 20);

        foreach (var member in members)
            await member.DisposeAsync();
    }

    // Beside the publishes: all of them may take longer than a peer has for its close frame.
    private static async Task<WebSocketClose> EndAsync(RunningNode node, TestClient stalled, string reason, TaskCompletionSource cut)
    {
        await Eventually.TrueAsync(
            async () => Regex.IsMatch((await node.Api.GetAsync("/metrics")).Text, $"reason=\"{reason}\"}} [1-9]"), "the stalled member's end in the metrics", TimeSpan.FromMinutes(3));
        stalled.ResumeReading();
        cut.SetResult();
        return await stalled.WaitForCloseAsync();
    }

    private static long ResidentBytes(RunningNode node)
    {
        var line = File.ReadLines($"/proc/{node.Process.ProcessId}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) * 1024;
    }
}
