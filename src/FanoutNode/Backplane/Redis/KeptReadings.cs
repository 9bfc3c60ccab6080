namespace Fanout.Node.Backplane.Redis;

/// <summary>
/// Pages of lists that Redis keeps as sets, which have no order: the first page reads the whole list, and the pages behind it are cut from what
/// was read then, so that somebody who goes through 100,000 entries costs one reading and not one a page.
/// </summary>
/// <param name="read">Reads the list of this name, ordered by its keys, ordinally.</param>
/// <param name="keyOf">What entries are ordered by.</param>
/// <remarks>Thread-safe.</remarks>
internal sealed class KeptReadings<T>(Func<string, Task<T[]>> read, Func<T, string> keyOf, TimeProvider time)
{
    // Callers that go through different lists at the same time; one more reads again. A list of 100,000 names is some 10 MB.
    private const int MostKept = 4;

    /// <summary>Time to go through many pages. Whoever begins anew reads anew.</summary>
    public static readonly TimeSpan KeepFor = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (T[] Entries, long ReadAt)> _kept = [];
    private readonly Dictionary<string, Task<T[]>> _waiting = [];
    private readonly SemaphoreSlim _one = new(1, 1);

    public async Task<Page<T>> ReadAsync(string list, string? after, int limit)
    {
        var entries = (after is null ? null : Kept(list)) ?? await NewAsync(list);
        var start = after is null ? 0 : Behind(entries, after);
        var end = Math.Min(start + limit, entries.Length);
        return new Page<T>(entries[start..end], end < entries.Length ? keyOf(entries[end - 1]) : null);
    }

    // The first entry whose key comes later.
    private int Behind(T[] entries, string after)
    {
        var (from, to) = (0, entries.Length);
        while (from < to)
        {
            var middle = (from + to) / 2;
            if (string.CompareOrdinal(keyOf(entries[middle]), after) <= 0)
                from = middle + 1;
            else
                to = middle;
        }

        return from;
    }

    private T[]? Kept(string list)
    {
        lock (_gate)
        {
            foreach (var (key, kept) in _kept)
            {
                if (time.GetElapsedTime(kept.ReadAt) >= KeepFor)
                    _kept.Remove(key);
            }

            return _kept.GetValueOrDefault(list).Entries;
        }
    }

    // Whoever asks while another one's reading waits for its turn shares that reading; one that has begun may have passed by an entry that was
    // made before this caller asked.
    private Task<T[]> NewAsync(string list)
    {
        lock (_gate)
        {
            if (!_waiting.TryGetValue(list, out var reading))
                _waiting.Add(list, reading = InTurnAsync(list));
            return reading;
        }
    }

    // One at a time: many callers must not make Redis do nothing but this.
    private async Task<T[]> InTurnAsync(string list)
    {
        // Not under the caller's lock.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await _one.WaitAsync();
        try
        {
            lock (_gate)
                _waiting.Remove(list);
            var entries = await read(list);
            Keep(list, entries);
            return entries;
        }
        finally
        {
            _one.Release();
        }
    }

    private void Keep(string list, T[] entries)
    {
        lock (_gate)
        {
            if (_kept.Count >= MostKept && !_kept.ContainsKey(list))
                _kept.Remove(_kept.MinBy(kept => kept.Value.ReadAt).Key);
            _kept[list] = (entries, time.GetTimestamp());
        }
    }
}
