using Fanout.Node.Rooms;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Backplane;

/// <summary>The kept messages of rooms with history, and where each room is.</summary>
/// <remarks>Nothing of it runs on the caller's stack beyond the start of a request: a caller may hold a lock that a listener takes, too.</remarks>
internal interface IRoomLog
{
    /// <summary>
    /// Bytes of messages after which a page ends, however many were wanted: what is read for one client's question must not fill the node.
    /// A page has one message at least. 1 MiB is the largest message by default, and a round trip's worth on a gigabit line.
    /// </summary>
    const int MaxPageBytes = 1024 * 1024;

    /// <summary>
    /// Reads a room's position and a page of its messages, as of one moment. A room without an epoch gets its first one, so that a member
    /// has a position before the first message.
    /// </summary>
    /// <param name="from">Offset of the first message wanted. The page begins later where history does not reach back so far.</param>
    /// <param name="count">Most messages wanted; 0 for the position alone. The page may end earlier, see <see cref="MaxPageBytes"/>.</param>
    /// <exception cref="BackplaneUnavailableException">The backplane cannot be asked.</exception>
    ValueTask<LogPage> ReadAsync(string room, RoomPolicy policy, long from, int count);

    /// <summary>Begins a new epoch, because this one is known to have lost messages; unless another node did so already.</summary>
    /// <returns>Where the room is now.</returns>
    /// <exception cref="BackplaneUnavailableException">The backplane cannot be asked.</exception>
    ValueTask<RoomPosition> RewindAsync(string room, RoomPolicy policy, string brokenEpoch);
}

/// <param name="Position">The room's epoch and its newest offset.</param>
/// <param name="Entries">In order, without gaps.</param>
internal sealed record LogPage(RoomPosition Position, IReadOnlyList<LogEntry> Entries);

/// <param name="Data">Encoded, see <see cref="MessageCodec"/>.</param>
internal readonly record struct LogEntry(long Offset, ReadOnlyMemory<byte> Data);
