using System.Diagnostics;

namespace Fanout.Tests.Chaos.Workload;

/// <summary>One clock for everything that is recorded: monotonic, from the beginning of the run.</summary>
internal sealed class RunClock
{
    private readonly long _start = Stopwatch.GetTimestamp();

    public TimeSpan Now => Stopwatch.GetElapsedTime(_start);
}
