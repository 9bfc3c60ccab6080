using Fanout.Node.Backplane;
using Fanout.Tests.Contract.Backplanes;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Contract.Redis;

/// <summary>Publishes that wait for replicas.</summary>
public sealed class ReplicaTests
{
    // The message is stored and was heard: who is told that it was refused sends it twice.
    [Fact]
    public async Task Publish_WhoseWaitIsRefused_HasAnUnknownFate()
    {
        await using var rig = await RedisRig.StartAsync("--rename-command", "WAIT", "NOWAIT");
        var node = await rig.StartNodeAsync("first", minReplicas: 1);
        await node.Backplane.SubscribeAsync("room");
        var result = await Eventually.ValueAsync(
            async () => await node.PublishAsync("room", "1", Policies.Five), result => result.Offset is not null, "a publish that reaches Redis");

        Assert.Equal(PublishOutcome.Unknown, result.Outcome);
        await node.Heard.WaitAsync("room", 1);
    }
}
