using Fanout.Tests.TestKit.Nodes;
using Xunit;

namespace Fanout.Tests.Unit.TestKit;

public sealed class NodeProcessTests
{
    [Fact]
    public async Task Start_FindsTheAddress_AndTerminateEndsItCleanly()
    {
        await using var node = await NodeProcess.StartAsync(new() { WaitUntilReady = false });
        Assert.NotEqual(0, node.BaseUri.Port);
        Assert.NotNull(await node.ReadinessAsync());

        node.Terminate();

        Assert.Equal(0, await node.WaitForExitAsync());
        Assert.Null(await node.ReadinessAsync());
    }

    [Fact]
    public async Task Pause_LeavesTheNodeSilent_AndKillEndsItEvenSo()
    {
        await using var node = await NodeProcess.StartAsync(new() { WaitUntilReady = false });

        node.Pause();
        await Assert.ThrowsAsync<TimeoutException>(() => node.WaitUntilReadyAsync(TimeSpan.FromMilliseconds(50)));
        await node.KillAsync();

        Assert.Equal(137, await node.WaitForExitAsync());
    }

    [Fact]
    public async Task Start_OfANodeThatCannotStart_ThrowsWithItsLog()
    {
        var error = await Assert.ThrowsAsync<NodeStartException>(() => NodeProcess.StartAsync(new() { Urls = "gopher://127.0.0.1:70" }));

        Assert.NotEqual(0, error.ExitCode);
        Assert.Contains("gopher", error.Logs, StringComparison.Ordinal);
    }
}
