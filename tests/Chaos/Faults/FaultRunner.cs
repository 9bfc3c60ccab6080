using System.Collections.Concurrent;
using Fanout.Tests.Chaos.Recordings;
using Fanout.Tests.Chaos.Workload;
using Fanout.Tests.TestKit;

namespace Fanout.Tests.Chaos.Faults;

/// <summary>Carries the plan out: one loop for each place, so that a node can be stopped while Redis restarts. Says what it did, and when.</summary>
internal sealed class FaultRunner(ChaosOptions options, RedisFaults redis, NodeFaults nodes, ClientFaults clients, RunClock clock)
{
    private readonly ConcurrentQueue<(TimeSpan From, TimeSpan To, FaultStep Step)> _done = new();

    /// <summary>What happened, in the order of its end.</summary>
    public IReadOnlyList<(TimeSpan From, TimeSpan To, FaultStep Step)> Done => [.. _done];

    public IReadOnlyList<Outage> Outages => redis.Outages;

    /// <summary>Returns when the time is over and every fault has been taken back.</summary>
    public async Task RunAsync()
    {
        if (options.Steps is { } steps)
        {
            foreach (var step in steps)
                await RunAsync(step);
            return;
        }

        await Task.WhenAll(Enum.GetValues<FaultPlace>().Select(RunAsync));
        foreach (var step in FaultPlan.LastAct(options.Seed, options.Kinds))
            await RunAsync(step);
    }

    private async Task RunAsync(FaultPlace place)
    {
        foreach (var step in FaultPlan.For(place, options.Seed, options.Kinds))
        {
            if (clock.Now + step.Calm > options.Duration)
                return;
            await RunAsync(step);
        }
    }

    private async Task RunAsync(FaultStep step)
    {
        await Task.Delay(step.Calm);
        var from = clock.Now;
        await (step.Kind.Place() switch
        {
            FaultPlace.Redis => redis.RunAsync(step),
            FaultPlace.Node => nodes.RunAsync(step),
            _ => clients.RunAsync(step),
        }).WithDeadline($"the fault {step}", Deadlines.Default * 3);
        _done.Enqueue((from, clock.Now, step));
    }
}
