using System.Diagnostics;

namespace Fanout.Cli.Bench;

/// <summary>Nanoseconds of the monotonic clock. Compiled into bench/Load too.</summary>
internal static class Clock
{
    private static readonly double NanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    public static long Now => (long)(Stopwatch.GetTimestamp() * NanosecondsPerTick);
}
