using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>
/// Names the rooms that have members, in order and in pages. Redis keeps them as sets, one a node, which have no order: the first page reads
/// all names with the prefix, and the pages behind it are cut from what was read then, so that somebody who goes through 100,000 rooms costs
/// one reading and not one a page.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class RoomListing(RedisLink link, RedisKeys keys, RedisNodeDirectory nodes, TimeProvider time)
{
    private const int ScanPageSize = 1000;

    // Callers that go through different prefixes at the same time; one more reads again. A list of 100,000 names is some 10 MB.
    private const int MostKept = 4;

    // Time to go through many pages. Whoever begins anew reads anew.
    private static readonly TimeSpan KeepFor = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (string[] Names, long ReadAt)> _kept = [];
    private readonly Dictionary<string, Task<string[]>> _waiting = [];
    private readonly SemaphoreSlim _one = new(1, 1);

    public async Task<Page<string>> ReadAsync(string prefix, string? after, int limit)
    {
        var names = (after is null ? null : Kept(prefix)) ?? await NewAsync(prefix);
        var start = after is null ? 0 : Array.BinarySearch(names, after, StringComparer.Ordinal) is >= 0 and var found ? found + 1 : ~Array.BinarySearch(names, after, StringComparer.Ordinal);
        var end = Math.Min(start + limit, names.Length);
        return new Page<string>(names[start..end], end < names.Length ? names[end - 1] : null);
    }

    private string[]? Kept(string prefix)
    {
        lock (_gate)
        {
            foreach (var (key, kept) in _kept)
            {
                if (time.GetElapsedTime(kept.ReadAt) >= KeepFor)
                    _kept.Remove(key);
            }

            return _kept.GetValueOrDefault(prefix).Names;
        }
    }

    // Whoever asks while another one's reading waits for its turn shares that reading; one that has begun may have passed by a room that was
    // entered before this caller asked.
    private Task<string[]> NewAsync(string prefix)
    {
        lock (_gate)
        {
            if (!_waiting.TryGetValue(prefix, out var reading))
                _waiting.Add(prefix, reading = InTurnAsync(prefix));
            return reading;
        }
    }

    // One at a time: many callers must not make Redis do nothing but this.
    private async Task<string[]> InTurnAsync(string prefix)
    {
        // Not under the caller's lock.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await _one.WaitAsync();
        try
        {
            lock (_gate)
                _waiting.Remove(prefix);
            var names = await ScanAsync(prefix);
            Keep(prefix, names);
            return names;
        }
        finally
        {
            _one.Release();
        }
    }

    private void Keep(string prefix, string[] names)
    {
        lock (_gate)
        {
            if (_kept.Count >= MostKept && !_kept.ContainsKey(prefix))
                _kept.Remove(_kept.MinBy(kept => kept.Value.ReadAt).Key);
            _kept[prefix] = (names, time.GetTimestamp());
        }
    }

    private async Task<string[]> ScanAsync(string prefix)
    {
        // On every node there may be the same room; and SSCAN may name an entry twice while a set changes.
        var names = new HashSet<string>();
        foreach (var id in await nodes.AliveIdsAsync())
        {
            await foreach (var room in link.Database.SetScanAsync(keys.NodeRooms(id), prefix.Length == 0 ? default(RedisValue) : GlobEscape(prefix) + "*", ScanPageSize))
                names.Add(room.ToString());
        }

        var sorted = names.ToArray();
        Array.Sort(sorted, StringComparer.Ordinal);
        return sorted;
    }

    // Room names cannot hold glob characters, but a prefix from a query string can hold anything.
    private static string GlobEscape(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("*", "\\*", StringComparison.Ordinal)
            .Replace("?", "\\?", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal);
}
