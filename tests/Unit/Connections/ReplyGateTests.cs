using Fanout.Node.Connections;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Unit.Connections;

public sealed class ReplyGateTests
{
    private const int Bound = 256;

    [Fact]
    public async Task Wait_BelowTheBound_IsOver_AndAtItWaitsForALeave()
    {
        var gate = Filled(Bound - 1);
        Assert.True(gate.WaitAsync().AsTask().IsCompleted);

        gate.Enter();
        var waiting = gate.WaitAsync().AsTask();
        Assert.False(waiting.IsCompleted);
        gate.Leave();

        await waiting.WithDeadline("the gate");
    }

    // The bound is where the reader stops, not a wall: what it has read already goes in.
    [Fact]
    public async Task Wait_FarOverTheBound_IsOverOnceEnoughHaveLeft()
    {
        var gate = Filled(Bound + 10);
        var waiting = gate.WaitAsync().AsTask();

        for (var i = 0; i < 10; i++)
            gate.Leave();
        Assert.False(waiting.IsCompleted);
        gate.Leave();

        await waiting.WithDeadline("the gate");
    }

    [Fact]
    public async Task Open_LetsTheReaderThrough_NowAndLater()
    {
        var gate = Filled(Bound + 10);
        var waiting = gate.WaitAsync().AsTask();

        gate.Open();

        await waiting.WithDeadline("the gate");
        Assert.True(gate.WaitAsync().AsTask().IsCompleted);
    }

    // One reader and two lanes that answer, as fast as they can: nobody is forgotten at the gate.
    [Fact]
    public async Task Wait_AgainstManyLeaves_NeverSleepsForGood()
    {
        const int Commands = 200_000;
        var gate = new ReplyGate();
        using var entered = new SemaphoreSlim(0);

        var reader = Task.Run(
            async () =>
            {
                for (var i = 0; i < Commands; i++)
                {
                    gate.Enter();
                    entered.Release();
                    await gate.WaitAsync();
                }
            },
            TestContext.Current.CancellationToken);
        var lanes = Enumerable.Range(0, 2).Select(_ => Task.Run(
            async () =>
            {
                for (var i = 0; i < Commands / 2; i++)
                {
                    await entered.WaitAsync();
                    gate.Leave();
                }
            },
            TestContext.Current.CancellationToken));

        await Task.WhenAll([reader, .. lanes]).WithDeadline("all commands to pass the gate");
    }

    private static ReplyGate Filled(int count)
    {
        var gate = new ReplyGate();
        for (var i = 0; i < count; i++)
            gate.Enter();
        return gate;
    }
}
