using Fanout.Node.Backplane;

namespace Fanout.Node.Presence;

/// <summary>
/// How many members and users a room has. The users of a room without presence are counted by reading its members; for a large room that
/// is done once in a while for all who ask, and not for each of them.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class UserCounts(IMembership membership, TimeProvider time)
{
    // Below this a count is some milliseconds at most, and exact; above it nobody sees the difference.
    private const int LargeRoom = 1_000;

    private static readonly TimeSpan KeepFor = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (Task<RoomCounts> Counts, long At)> _large = [];

    /// <exception cref="BackplaneUnavailableException">The backplane cannot be asked.</exception>
    public async ValueTask<RoomCounts> ReadAsync(string room)
    {
        Task<RoomCounts>? shared = null;
        lock (_gate)
        {
            if (_large.TryGetValue(room, out var known))
            {
                shared = known.Counts;
                if (known.Counts.IsCompleted && time.GetElapsedTime(known.At) >= KeepFor)
                {
                    shared = Task.Run(() => membership.CountUsersAsync(room).AsTask());
                    _large[room] = (shared, time.GetTimestamp());
                }
            }
        }

        var counts = await (shared ?? membership.CountUsersAsync(room).AsTask());
        Keep(room, counts, isShared: shared is not null);
        return counts;
    }

    private void Keep(string room, RoomCounts counts, bool isShared)
    {
        if (counts.Members <= LargeRoom && !isShared)
            return;
        lock (_gate)
        {
            if (counts.Members <= LargeRoom)
                _large.Remove(room);
            else if (!isShared)
                _large[room] = (Task.FromResult(counts), time.GetTimestamp());
            foreach (var (name, known) in _large)
            {
                if (known.Counts.IsCompleted && time.GetElapsedTime(known.At) >= KeepFor && name != room)
                    _large.Remove(name);
            }
        }
    }
}
