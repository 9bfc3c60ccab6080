namespace Fanout.Cli.Bench;

/// <summary>Latencies from many connections at once. Each has a share of its own, so that they seldom meet at a lock.</summary>
internal sealed class LatencyRecorder
{
    private readonly Share[] _shares = [.. Enumerable.Range(0, 16).Select(_ => new Share())];
    private uint _from = uint.MaxValue;

    /// <summary>From this message on it counts; what was before is warm-up.</summary>
    public void CountFrom(uint number) => Volatile.Write(ref _from, number);

    public void Record(uint number, long nanoseconds)
    {
        if (number < Volatile.Read(ref _from))
            return;
        var share = _shares[Environment.CurrentManagedThreadId & 15];
        lock (share)
            share.Histogram.Record(nanoseconds);
    }

    public LatencyHistogram Sum()
    {
        var sum = new LatencyHistogram();
        foreach (var share in _shares)
        {
            lock (share)
                sum.Add(share.Histogram);
        }

        return sum;
    }

    private sealed class Share
    {
        public LatencyHistogram Histogram { get; } = new();
    }
}
