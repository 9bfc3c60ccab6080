namespace Fanout.Client;

/// <summary>Where a room stands.</summary>
public enum FanoutRoomState
{
    /// <summary>Not a member and not about to be one.</summary>
    Left,

    /// <summary>Will be a member as soon as there is a connection and the node agrees.</summary>
    Joining,

    /// <summary>A member.</summary>
    Joined,
}

/// <summary>The beginning of a membership.</summary>
/// <param name="Room">The room's name.</param>
/// <param name="Position">Behind which the messages follow; absent in a room without history.</param>
/// <param name="Recovered">Nothing was missed since the position that was asked for.</param>
/// <param name="IsFirst">The first time, and not a return after a lost connection.</param>
/// <param name="Count">Members on all nodes, this connection included.</param>
public sealed record FanoutJoined(string Room, FanoutPosition? Position, bool Recovered, bool IsFirst, int Count);

/// <summary>Why a room's continuity is lost.</summary>
public enum FanoutResetReason
{
    /// <summary>Back after a lost connection, or begun behind a stored position, and the room's history does not reach back.</summary>
    NotRecovered,

    /// <summary>The node lost the thread, such as when the backplane lost data.</summary>
    Reset,
}

/// <summary>Messages may have been missed: reload your state of the room.</summary>
/// <param name="Room">The room's name.</param>
/// <param name="Reason">Why.</param>
/// <param name="Position">What comes live stands behind this; absent in a room without history.</param>
public sealed record FanoutReset(string Room, FanoutResetReason Reason, FanoutPosition? Position);

/// <summary>The node put us out of a room.</summary>
/// <param name="Room">The room's name.</param>
/// <param name="Reason">For people.</param>
public sealed record FanoutRemoved(string Room, string Reason);

/// <summary>Who came or went.</summary>
/// <param name="HasJoined">Came; false: went.</param>
/// <param name="Member">Who.</param>
public sealed record FanoutPresenceChange(bool HasJoined, FanoutMember Member);

/// <summary>A connection in a room.</summary>
/// <param name="ClientId">Names the connection.</param>
/// <param name="UserId">Absent for an anonymous client.</param>
/// <param name="Info">What the token says about the user; absent in rooms without presence.</param>
public sealed record FanoutMember(string ClientId, string? UserId, FanoutPayload Info);
