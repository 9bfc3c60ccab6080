using Fanout.Tests.Chaos.Faults;
using Xunit;

namespace Fanout.Tests.Chaos;

/// <summary>A deploy at noon: three nodes are drained and replaced one after the other, while clients publish and listen.</summary>
public sealed class RollingRestartTests(ITestOutputHelper output)
{
    private const int ClosesPerSecond = 10;

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
        // By what the clients were told: on a busy machine the arrivals themselves would measure the machine.
        var nodes = result.Drains.GroupBy(drain => drain.Node).ToList();
        Assert.Equal(3, nodes.Count);
        Assert.All(nodes, node => Assert.All(
            node.CountBy(drain => drain.ReconnectAfterMs / 1_000), second => Assert.InRange(second.Value, 1, ClosesPerSecond + 1)));
    }
}
