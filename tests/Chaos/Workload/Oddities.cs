using System.Collections.Concurrent;

namespace Fanout.Tests.Chaos.Workload;

/// <summary>What publishers and subscribers saw that no fault explains.</summary>
internal sealed class Oddities
{
    private readonly ConcurrentQueue<string> _all = new();

    public void Add(string text) => _all.Enqueue(text);

    public IReadOnlyList<string> All => [.. _all];
}
