namespace Fanout.Node.Console;

/// <summary>
/// Makes events of what the metrics count as trouble: the first at once, and what goes on after a pause that doubles, so that a storm of refusals
/// does not push out of the history what matters more. What is not told yet stays in the counters. Used by the reporter alone.
/// </summary>
internal sealed class TroublePace(ConsoleCounters counters, NotableEvents events, TimeProvider time)
{
    // Ten nodes that hit a limit all day write 40 events an hour.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(15);

    private readonly Dictionary<string, (long At, TimeSpan Pause)> _told = [];

    /// <param name="all">Whatever pause there is: nothing comes after this.</param>
    public void Tell(bool all = false)
    {
        foreach (var (key, count) in counters.TakeTrouble(key => all || IsDue(key)))
        {
            var (kind, level, text) = NotableTrouble.Describe(key, count);
            _told[key] = (time.GetTimestamp(), NextPause(key, NotableTrouble.PauseOf(kind)));
            events.Add(kind, level, text, key);
        }
    }

    private bool IsDue(string key) => !_told.TryGetValue(key, out var told) || time.GetElapsedTime(told.At) >= told.Pause;

    // As long as it goes on: one that was quiet for a while begins anew.
    private TimeSpan NextPause(string key, TimeSpan shortest)
    {
        if (!_told.TryGetValue(key, out var told) || time.GetElapsedTime(told.At) >= told.Pause * 2)
            return shortest;
        return told.Pause * 2 < LongestPause ? told.Pause * 2 : LongestPause;
    }
}
