namespace Fanout.Node.Lanes;

/// <summary>
/// How long the deliveries of a lane took, counted in steps that grow by a fifth, so that the console can add up lanes and nodes and read percentiles off.
/// </summary>
/// <remarks>
/// Counts only ever grow. Written by the lane alone, and so without atomics; read from anywhere, where a count of a moment ago is as good.
/// </remarks>
internal sealed class DeliveryTimes
{
    /// <summary>How many steps there are; the last one begins at 93 s.</summary>
    public const int Steps = 68;

    // End of the first step; the n-th ends at this times 2^(n/4). The page has the same numbers (src/Console/src/fleet/latency.ts). Messages are
    // stamped in whole milliseconds, so that below one of them there is nothing to tell apart.
    private const double FirstMicroseconds = 1000;

    private readonly long[] _counts = new long[Steps];

    /// <summary>Counts deliveries that took so long. On the lane.</summary>
    public void Add(long microseconds, long deliveries)
    {
        ref var count = ref _counts[StepOf(microseconds)];
        Volatile.Write(ref count, count + deliveries);
    }

    /// <summary>Adds these counts to others.</summary>
    public void AddTo(Span<long> sums)
    {
        for (var step = 0; step < Steps; step++)
            sums[step] += Volatile.Read(ref _counts[step]);
    }

    // A node whose clock is behind gives durations below zero: they are short.
    internal static int StepOf(long microseconds) =>
        microseconds <= FirstMicroseconds ? 0 : Math.Min(Steps - 1, (int)Math.Ceiling(Math.Log2(microseconds / FirstMicroseconds) * 4));
}
