using Fanout.Node.Backplane;
using Xunit;

namespace Fanout.Tests.Unit.Backplane;

public sealed class EpochsTests
{
    [Fact]
    public void Epochs_OfManyThreads_AreAllDifferent()
    {
        var epochs = Enumerable.Range(0, 8).AsParallel().WithDegreeOfParallelism(8).SelectMany(_ => Enumerable.Range(0, 1000).Select(_ => Epochs.New())).ToList();

        Assert.Equal(8000, epochs.Distinct().Count());
        Assert.All(epochs, epoch => Assert.Matches("^[0-9a-f]{32}$", epoch));
    }
}
