using System.Globalization;

namespace Fanout.Node.Console;

/// <summary>
/// Counts durations in steps that grow by a fifth, so that the page can add up nodes and read percentiles off. Recording takes no lock.
/// </summary>
internal sealed class LatencyCounts
{
    /// <summary>Upper bound of the first step; the n-th is this times 2^(n/4). The page has the same numbers (latency.ts).</summary>
    public const double FirstSeconds = 0.0001;

    // The last step begins at 84 s.
    private const int Steps = 80;

    private readonly long[] _counts = new long[Steps];

    public void Record(double seconds) => Interlocked.Increment(ref _counts[StepOf(seconds)]);

    /// <summary>What was counted since the last call, by step; null where nothing was.</summary>
    public IReadOnlyDictionary<string, long>? Take()
    {
        Dictionary<string, long>? taken = null;
        for (var step = 0; step < Steps; step++)
        {
            if (Interlocked.Exchange(ref _counts[step], 0) is > 0 and var count)
                (taken ??= [])[step.ToString(CultureInfo.InvariantCulture)] = count;
        }

        return taken;
    }

    internal static int StepOf(double seconds) =>
        seconds <= FirstSeconds ? 0 : Math.Min(Steps - 1, (int)Math.Ceiling(Math.Log2(seconds / FirstSeconds) * 4));
}
