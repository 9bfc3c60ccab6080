using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>Names the rooms that have members, in order and in pages. Redis keeps them as sets, one a node.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class RoomListing
{
    private const int ScanPageSize = 1000;

    private readonly RedisLink _link;
    private readonly RedisKeys _keys;
    private readonly RedisNodeDirectory _nodes;
    private readonly KeptReadings<string> _readings;

    public RoomListing(RedisLink link, RedisKeys keys, RedisNodeDirectory nodes, TimeProvider time)
    {
        (_link, _keys, _nodes) = (link, keys, nodes);
        _readings = new KeptReadings<string>(ScanAsync, name => name, time);
    }

    public Task<Page<string>> ReadAsync(string prefix, string? after, int limit) => _readings.ReadAsync(prefix, after, limit);

    private async Task<string[]> ScanAsync(string prefix)
    {
        // On every node there may be the same room; and SSCAN may name an entry twice while a set changes.
        var names = new HashSet<string>();
        foreach (var id in await _nodes.AliveIdsAsync())
        {
            await foreach (var room in _link.Database.SetScanAsync(_keys.NodeRooms(id), prefix.Length == 0 ? default(RedisValue) : GlobEscape(prefix) + "*", ScanPageSize))
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
