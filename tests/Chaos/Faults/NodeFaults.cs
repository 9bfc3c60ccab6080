using Fanout.Tests.Chaos.Cluster;

namespace Fanout.Tests.Chaos.Faults;

internal sealed class NodeFaults(Fleet fleet)
{
    public async Task RunAsync(FaultStep step)
    {
        var slot = fleet.Slots[step.Slot];
        switch (step.Kind)
        {
            case FaultKind.NodeKilled:
                await slot.Node.KillAsync();
                await Task.Delay(step.Lasts);
                await slot.ReplaceAsync();
                break;
            case FaultKind.NodeDrained:
                slot.Node.Terminate();
                await slot.Node.WaitForExitAsync();
                await slot.ReplaceAsync();
                break;
            case FaultKind.NodeStopped:
                slot.Node.Pause();
                await Task.Delay(step.Lasts);
                slot.Node.Resume();
                break;
            case FaultKind.LinkCut:
                slot.RedisLink.RefuseNew();
                slot.RedisLink.Cut(reset: step.Variant % 2 == 0);
                await Task.Delay(step.Lasts);
                slot.RedisLink.Heal();
                break;
            case FaultKind.LinkBlackHoled:
                slot.RedisLink.BlackHole();
                await Task.Delay(step.Lasts);
                slot.RedisLink.Heal();
                break;
            case FaultKind.LinkSlowed:
                Slow(slot, step);
                await Task.Delay(step.Lasts);
                slot.RedisLink.Heal();
                break;
        }
    }

    private static void Slow(NodeSlot slot, FaultStep step)
    {
        if (step.Variant % 2 == 0)
            slot.RedisLink.Delay(TimeSpan.FromMilliseconds(50 + (step.Variant % 400)));
        else
            slot.RedisLink.Throttle(100_000 + (step.Variant * 200));
    }
}
