namespace Fanout.Node.Diagnostics;

/// <summary>
/// For a line about something that a stranger, or another version, can make happen with every message: the first is told at once, what follows at
/// most once in an interval, with how many there were. A metric counts all of them.
/// </summary>
/// <remarks>Thread-safe. A line a message would fill the log, and hold up whoever writes it: the console's queue waits when it is full.</remarks>
internal sealed class Seldom(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private long _untold;
    private long? _toldAt;

    /// <summary>Counts one.</summary>
    /// <returns>How many there were since the last line, if there is to be one; else 0.</returns>
    public long Count()
    {
        lock (_gate)
        {
            _untold++;
            if (_toldAt is { } last && time.GetElapsedTime(last) < Interval)
                return 0;
            _toldAt = time.GetTimestamp();
            var count = _untold;
            _untold = 0;
            return count;
        }
    }
}
