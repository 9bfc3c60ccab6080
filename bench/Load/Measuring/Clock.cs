using System.Diagnostics;

namespace Fanout.Bench.Load.Measuring;

/// <summary>Nanoseconds of the monotonic clock.</summary>
internal static class Clock
{
    private static readonly double NanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    public static long Now => (long)(Stopwatch.GetTimestamp() * NanosecondsPerTick);
}
