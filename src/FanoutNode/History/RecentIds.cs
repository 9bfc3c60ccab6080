namespace Fanout.Node.History;

/// <summary>
/// Which message was delivered at the newest offsets, as a hash of its id: enough to tell a repetition from another message at an offset that
/// is taken, at 8 bytes each.
/// </summary>
internal sealed class RecentIds
{
    // A repetition comes a few messages late (a gap read crossing the live stream), not hundreds.
    private const int Size = 64;

    private ulong[]? _hashes;

    /// <summary>Notes what was delivered.</summary>
    public void Set(long offset, string id) => (_hashes ??= new ulong[Size])[offset % Size] = HashOf(id);

    /// <summary>Whether this very message was delivered at an offset that is at most <see cref="Size"/> behind; null if that is not known any more.</summary>
    public bool? WasDelivered(long offset, long newest, string id)
    {
        if (_hashes is null || newest - offset >= Size || _hashes[offset % Size] is 0)
            return null;
        return _hashes[offset % Size] == HashOf(id);
    }

    public void Clear() => _hashes = null;

    // FNV-1a, stable and never 0 in practice; 0 stands for "nothing noted".
    private static ulong HashOf(string id)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in id)
            hash = (hash ^ c) * 1099511628211UL;
        return hash;
    }
}
