using Fanout.Tests.Chaos.Faults;
using Xunit;

namespace Fanout.Tests.Chaos;

/// <summary>A deploy at noon: three nodes are drained and replaced one after the other, while clients publish and listen.</summary>
// Two fleets at once, each under load, would be the machine's limit and not theirs.
[Collection("fleets")]
public sealed class RollingRestartTests(ITestOutputHelper output)
{
    private const int ClosesPerSecond = 5;

    // The first notice may be read late on a busy machine: all times from it on are too short by that, by four closes at the most.
    private const int Late = 4;

    [Fact]
    public async Task EveryNodeInTurn_LosesNothing_AndKeepsTheSurvivorsLoadBounded()
    {
        var options = new ChaosOptions(Random.Shared.Next(1, 1_000_000), TimeSpan.Zero, [])
        {
            Subscribers = 36,
            Steps = [.. Enumerable.Range(0, 3).Select(slot => new FaultStep(FaultKind.NodeDrained, TimeSpan.FromSeconds(2), TimeSpan.Zero, slot, 0))],
            NodeSettings =
            [
                ("Fanout:Drain:Notice", "00:00:00.5"), ("Fanout:Drain:Window", "00:00:00"), ("Fanout:Drain:Deadline", "00:00:15"),
                ("Fanout:Drain:ClosesPerSecond", $"{ClosesPerSecond}"),
            ],
        };

        var result = await ChaosRun.RunAsync(options);

        output.WriteLine(ChaosTable.Write(result));
        Assert.Empty(result.Violations);
        Assert.Empty(result.NodeErrors);
        Assert.Equal(3, result.Faults.Count);
        // What the clients were told.
        var nodes = result.Drains.GroupBy(drain => drain.Node).ToList();
        Assert.Equal(3, nodes.Count);
        Assert.All(nodes, node => Assert.All(
            node.CountBy(drain => drain.ReconnectAfterMs / 1_000), second => Assert.InRange(second.Value, 1, ClosesPerSecond + 1)));
        // And when they came to the survivors: on a busy machine later, never sooner.
        Assert.All(nodes, node =>
        {
            var began = node.Min(drain => drain.At);
            // Subscribers that go by themselves in the middle of a drain, as they do now and then, come back before their moment.
            var back = node.Where(drain => drain is { IsObeyed: true, BackAt: not null }).Select(drain => (drain.BackAt!.Value - began).TotalSeconds).Order().ToList();
            Assert.NotEmpty(back);
            for (var i = 0; i < back.Count; i++)
                Assert.True(i + 1 <= (back[i] * ClosesPerSecond) + 1 + Late, $"{i + 1} of {node.Key} were back after {back[i]:0.00} s");
        });
    }
}
