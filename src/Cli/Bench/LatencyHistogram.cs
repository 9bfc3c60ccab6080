using System.Numerics;

namespace Fanout.Cli.Bench;

/// <summary>Latencies in nanoseconds in buckets 1.6 % wide, so that every delivery can be counted for the price of one increment.</summary>
internal sealed class LatencyHistogram
{
    private const int SubBits = 6;
    private const int SubCount = 1 << SubBits;
    private readonly long[] _buckets = new long[(64 - SubBits + 1) * SubCount];

    public long Count { get; private set; }

    public void Record(long nanoseconds)
    {
        _buckets[IndexOf(Math.Max(0, nanoseconds))]++;
        Count++;
    }

    public void Clear()
    {
        Array.Clear(_buckets);
        Count = 0;
    }

    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < _buckets.Length; i++)
            _buckets[i] += other._buckets[i];
        Count += other.Count;
    }

    /// <summary>The latency that so many percent stay below, in milliseconds.</summary>
    public double Percentile(double percent)
    {
        if (Count == 0)
            return 0;
        var wanted = (long)Math.Ceiling(Count * percent / 100);
        var seen = 0L;
        for (var i = 0; i < _buckets.Length; i++)
        {
            seen += _buckets[i];
            if (seen >= wanted)
                return UpperBound(i) / 1e6;
        }

        return UpperBound(_buckets.Length - 1) / 1e6;
    }

    private static int IndexOf(long value)
    {
        if (value < SubCount)
            return (int)value;
        var shift = BitOperations.Log2((ulong)value) - SubBits;
        return ((shift + 1) << SubBits) + (int)(value >> shift) - SubCount;
    }

    private static double UpperBound(int index)
    {
        var shift = (index >> SubBits) - 1;
        return shift < 0 ? index : (double)(((long)(index & (SubCount - 1)) + SubCount + 1) << shift);
    }
}
