using Fanout.Node.Backplane;
using Fanout.Tests.Contract.Backplanes;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Contract.Redis;

/// <summary>A server that has lost its scripts, or holds something that they do not expect.</summary>
public sealed class ScriptTests
{
    // Whoever asks for the members is told them, or is told that nothing was published: the answer says whether the user is there.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Publish_WhoseMembersCannotBeCounted_IsRefused_AndNotHeard(bool withKey)
    {
        await using var rig = await RedisRig.StartAsync();
        var node = await rig.StartNodeAsync("first");
        await node.Backplane.SubscribeAsync("$user.ann");
        await rig.Scope.Database.StringSetAsync(rig.Scope.RoomKey("$user.ann", "members"), "no set");

        var refused = await node.PublishAsync("$user.ann", "1", key: withKey ? "k" : null, countsMembers: true);
        await rig.Scope.Database.KeyDeleteAsync(rig.Scope.RoomKey("$user.ann", "members"));
        var taken = await node.PublishAsync("$user.ann", "1", key: withKey ? "k" : null, countsMembers: true);

        Assert.Equal((PublishOutcome.Unavailable, PublishOutcome.Published, 0L), (refused.Outcome, taken.Outcome, taken.Members));
        await node.Heard.WaitAsync("$user.ann", 1);
        Assert.Equal(["1"], node.Heard.Texts("$user.ann"));
    }

    [Fact]
    public async Task Publishes_AfterTheScriptsAreFlushed_AreRefusedOrInOrder()
    {
        await using var rig = await RedisRig.StartAsync();
        var node = await rig.StartNodeAsync("first");
        await node.Backplane.SubscribeAsync("room");
        Assert.Equal(PublishOutcome.Published, (await node.PublishAsync("room", "0", Policies.Many)).Outcome);

        var taken = new List<string> { "0" };
        for (var round = 0; round < 5; round++)
        {
            await rig.Scope.Server.ScriptFlushAsync();
            var publishes = Enumerable.Range(1, 50).Select(i => $"{round}{i:00}").Select(text => (Text: text, Result: node.PublishAsync("room", text, Policies.Many).AsTask())).ToList();
            foreach (var (text, publish) in publishes)
            {
                var outcome = (await publish.WithDeadline("a publish")).Outcome;
                Assert.Contains(outcome, new[] { PublishOutcome.Published, PublishOutcome.Unavailable });
                if (outcome == PublishOutcome.Published)
                    taken.Add(text);
            }

            // They are loaded again without a word from anybody.
            var last = $"{round}99";
            await Eventually.ValueAsync(
                async () => (await node.PublishAsync("room", last, Policies.Many)).Outcome, outcome => outcome == PublishOutcome.Published, "a publish that is taken");
            taken.Add(last);
        }

        await node.Heard.WaitAsync("room", taken.Count);
        Assert.Equal(taken, node.Heard.Texts("room"));
    }
}
