using Fanout.Node.Lanes;

namespace Fanout.Node.Rooms;

/// <summary>A session's state in one room. Only touched by the operation that runs on it, see <see cref="SessionRooms"/>.</summary>
internal sealed class SessionRoom(string name)
{
    public string Name { get; } = name;

    /// <summary>The room on this node while the session is in it.</summary>
    public Room? Room { get; set; }

    /// <summary>The connection's place in the lane's list while the session is in the room.</summary>
    public LaneMember? Member { get; set; }

    public bool IsJoined => Room is not null;

    /// <summary>The last operation that was appended; guarded by the owner.</summary>
    public Task Tail { get; set; } = Task.CompletedTask;

    /// <summary>Operations that have not ended; guarded by the owner.</summary>
    public int Waiting { get; set; }

    /// <summary>Nothing is to come of it but the end of its last operation: it takes no place. Guarded by the owner.</summary>
    public bool IsGivenBack { get; set; }
}
