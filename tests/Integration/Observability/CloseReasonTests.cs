using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Nodes;
using Xunit;

namespace Fanout.Tests.Integration.Observability;

/// <summary>Who ended a connection is told by the metric's reason: the node's codes have theirs, a client's have one.</summary>
public sealed class CloseReasonTests
{
    [Fact]
    public async Task ClientsThatLeave_AreNoDrain_WhateverCodeTheySay()
    {
        await using var node = await RunningNode.StartAsync();
        foreach (var code in new[] { 1000, 1001, 1001, 4000, 4503 })
        {
            await using var client = await node.ConnectAsync();
            await client.CloseAsync(code);
        }

        await using (var client = await node.ConnectAsync())
            client.Abort();

        await CountAsync(node, "normal", 1);
        // 1001 is what a browser says whose page is left.
        await CountAsync(node, "peer", 4);
        await CountAsync(node, "lost", 1);
        foreach (var reason in new[] { "drain", "heartbeat", "operator", "aborted" })
            await CountAsync(node, reason, 0);
    }

    [Fact]
    public async Task ConnectionsThatAnOperatorEnds_AreTheOperators()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions());
        await using var client = await node.ConnectAsync();

        Assert.True((await node.Api.DisconnectAsync(client.ClientId)).IsSuccess);

        Assert.Equal(4503, (await client.WaitForCloseAsync()).Code);
        await CountAsync(node, "operator", 1);
    }

    private static Task CountAsync(RunningNode node, string reason, int count) => Eventually.TrueAsync(
        async () => (await node.Api.GetAsync("/metrics")).Text.Split('\n').Any(line =>
            line.StartsWith("fanout_connections_closed_total{", StringComparison.Ordinal) && line.Contains($"reason=\"{reason}\"", StringComparison.Ordinal) && line.Split("} ")[1].Split(' ')[0] == $"{count}"),
        $"{count} connections that ended as {reason}");
}
