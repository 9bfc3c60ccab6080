namespace Fanout.Node.Backplane.Redis;

/// <summary>A room's members in order of their client ids, in pages. Redis keeps them as a set.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class MemberListing
{
    private const int ScanPageSize = 1000;

    // So many are read with one SSCAN, more or less, and thousands of callers a second may ask for rooms as small; no turn is waited for, and
    // every page shows how things are.
    private const int LargestSmallRoom = 1000;

    private readonly RedisLink _link;
    private readonly RedisKeys _keys;
    private readonly KeptReadings<Entry> _readings;

    public MemberListing(RedisLink link, RedisKeys keys, TimeProvider time)
    {
        (_link, _keys) = (link, keys);
        _readings = new KeptReadings<Entry>(ReadInOrderAsync, entry => entry.ClientId, time);
    }

    /// <summary>A member, as its entry names it.</summary>
    public readonly record struct Entry(string NodeId, string ClientId);

    /// <returns>A page, and whether it may be of some seconds ago: members of it can have left since.</returns>
    public async Task<(Page<Entry> Page, bool IsKept)> ReadAsync(string room, string? after, int limit)
    {
        if (await _link.Database.SetLengthAsync(_keys.Members(room)) > LargestSmallRoom)
            return (await _readings.ReadAsync(room, after, limit), after is not null);
        return (Paging.Cut(await ReadInOrderAsync(room), entry => entry.ClientId, after, limit), false);
    }

    /// <summary>All of them, in no order.</summary>
    public async Task<Entry[]> ReadAllAsync(string room)
    {
        var entries = new List<Entry>();
        // SSCAN may name an entry twice while the set changes.
        var seen = new HashSet<string>();
        await foreach (var entry in _link.Database.SetScanAsync(_keys.Members(room), pageSize: ScanPageSize))
        {
            var text = entry.ToString();
            if (!seen.Add(text))
                continue;
            var (nodeId, clientId) = RedisKeys.SplitMember(text);
            entries.Add(new Entry(nodeId, clientId));
        }

        return [.. entries];
    }

    private async Task<Entry[]> ReadInOrderAsync(string room)
    {
        var entries = await ReadAllAsync(room);
        Array.Sort(entries, (a, b) => string.CompareOrdinal(a.ClientId, b.ClientId));
        return entries;
    }
}
