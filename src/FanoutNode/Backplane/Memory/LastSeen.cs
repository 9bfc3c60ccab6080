using System.Collections.Concurrent;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Backplane.Memory;

/// <summary>When users' last connections went, in this process. Thread-safe.</summary>
internal sealed class LastSeen(UserOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> _byRoom = new();

    /// <summary>The last member left the room; nothing is noted of rooms that are no user's.</summary>
    public void Note(string room)
    {
        if (RoomName.IsUserRoom(room) && options.LastSeenFor > TimeSpan.Zero)
            _byRoom[room] = time.GetUtcNow();
    }

    public DateTimeOffset? Of(string room) => _byRoom.TryGetValue(room, out var at) && IsKept(at) ? at : null;

    /// <summary>Forgets whoever was not here for long.</summary>
    public void Sweep()
    {
        foreach (var entry in _byRoom)
        {
            if (!IsKept(entry.Value))
                _byRoom.TryRemove(entry);
        }
    }

    private bool IsKept(DateTimeOffset at) => time.GetUtcNow() - at < options.LastSeenFor;
}
