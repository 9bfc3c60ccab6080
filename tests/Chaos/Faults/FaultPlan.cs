using Fanout.Tests.Chaos.Cluster;

namespace Fanout.Tests.Chaos.Faults;

/// <summary>
/// The schedule of a run: endless, and the same for the same seed. Every kind comes up once in each round, in an order of its own.
/// </summary>
public static class FaultPlan
{
    private const int Slots = 3;

    public static IEnumerable<FaultStep> For(FaultPlace place, int seed, IReadOnlyList<FaultKind> kinds)
    {
        var here = kinds.Where(kind => kind.Place() == place).ToArray();
        if (here.Length == 0)
            yield break;
        var random = new Random(HashCode(seed, place));
        while (true)
        {
            random.Shuffle(here);
            foreach (var kind in here)
            {
                var calm = TimeSpan.FromMilliseconds(random.Next(800, place == FaultPlace.Redis ? 4_000 : 3_000));
                yield return new FaultStep(kind, calm, Lasts(kind, random), random.Next(Slots), random.Next(1_000));
            }
        }
    }

    /// <summary>
    /// The end of every run. A Redis that was wiped late has lost all ghosts too; what happens here is behind the last restart, so that what
    /// it leaves behind is seen: a dead node's members, and those of one that was stopped past its lease.
    /// </summary>
    public static IEnumerable<FaultStep> LastAct(int seed, IReadOnlyList<FaultKind> kinds)
    {
        var first = new Random(seed).Next(Slots);
        FaultStep[] act =
        [
            new(FaultKind.NodeKilled, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), first, 0),
            new(FaultKind.NodeStopped, TimeSpan.Zero, Fleet.LeaseExpiry + TimeSpan.FromSeconds(1.5), (first + 1) % Slots, 0),
            new(FaultKind.SubscriptionsKilled, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1.5), 0, 0),
        ];
        return act.Where(step => kinds.Contains(step.Kind));
    }

    private static TimeSpan Lasts(FaultKind kind, Random random) => TimeSpan.FromMilliseconds(kind switch
    {
        FaultKind.CommandsKilled or FaultKind.ClientsCut or FaultKind.NodeDrained => 0,
        FaultKind.RedisRestarted or FaultKind.RedisWiped => random.Next(0, 1_500),
        FaultKind.RedisAsleep or FaultKind.RedisStopped => random.Next(300, 4_000),
        FaultKind.SubscriptionsKilled => random.Next(0, 2_500),
        FaultKind.MemoryFull => random.Next(300, 3_000),
        FaultKind.NodeKilled => random.Next(0, 2_500),
        FaultKind.NodeStopped => Fleet.LeaseExpiry.TotalMilliseconds + random.Next(1_200, 3_000),
        FaultKind.ClientsStalled => random.Next(1_000, 7_000),
        _ => random.Next(500, 4_500),
    });

    // System.HashCode differs from process to process.
    private static int HashCode(int seed, FaultPlace place) => unchecked((seed * 31) + (int)place + 1);
}
