using System.Collections.Concurrent;
using Fanout.Bench.Load.Sockets;

namespace Fanout.Bench.Load.Scenarios;

/// <summary>The generator's loops and the connections that a scenario has open.</summary>
internal sealed class Fleet : IDisposable
{
    private readonly Loop[] _loops;

    public Fleet(int loops) => _loops = [.. Enumerable.Range(0, loops).Select(index => new Loop(index))];

    public IReadOnlyList<Loop> Loops => _loops;

    public int Lost => _loops.Sum(loop => loop.LostCount);

    public string? LastLoss => _loops.Select(loop => loop.LastLoss).FirstOrDefault(loss => loss is not null);

    /// <summary>Opens connections, the next always on the next loop, and waits until all are ready.</summary>
    public ConnectResult Connect(IReadOnlyList<ClientPlan> plans, Action<Client>? onReady = null)
    {
        using var settled = new CountdownEvent(plans.Count);
        var ready = new ConcurrentBag<Client>();
        var began = Clock.Now;
        foreach (var loop in _loops)
        {
            var share = plans.Where((_, index) => index % _loops.Length == loop.Index).ToArray();
            loop.Post(() =>
            {
                loop.ConnectTimes.Clear();
                loop.Settled = (client, succeeded) =>
                {
                    if (succeeded)
                        ready.Add(client);
                    settled.Signal();
                };
                foreach (var plan in share)
                    loop.Open(plan);
                loop.ConnectQueued();
            });
        }

        var complete = settled.Wait(TimeSpan.FromSeconds(90));
        var seconds = (Clock.Now - began) / 1e9;
        var times = new LatencyHistogram();
        foreach (var loop in _loops)
        {
            loop.Run(() =>
            {
                loop.Settled = null;
                times.Add(loop.ConnectTimes);
            });
        }

        if (!complete || ready.Count < plans.Count)
            throw new IOException($"{plans.Count - ready.Count} of {plans.Count} connections failed: {LastLoss ?? "no answer in time"}");
        foreach (var client in ready)
            onReady?.Invoke(client);
        return new ConnectResult(plans.Count, seconds, times);
    }

    public void CloseAll()
    {
        foreach (var loop in _loops)
            loop.Run(loop.CloseAll);
    }

    public void Dispose()
    {
        foreach (var loop in _loops)
            loop.Dispose();
    }
}

/// <param name="Seconds">From the first connect to the last join.</param>
internal sealed record ConnectResult(int Count, double Seconds, LatencyHistogram Times);
