using Fanout.Shared.Envelopes;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Auth;

/// <summary>Who stands behind a connection. Immutable; a refreshed token makes a new one.</summary>
/// <param name="UserId">The token's <c>sub</c>; null for an anonymous client.</param>
/// <param name="Grants">What it may do.</param>
/// <param name="Info">What the token says for others to see in presence, as JSON.</param>
/// <param name="ExpiresAt">When the token ends, if it does.</param>
internal sealed record Principal(string? UserId, Grants Grants, Payload? Info, DateTimeOffset? ExpiresAt)
{
    public static readonly Principal Anonymous = new(null, Grants.Everything, null, null);

    /// <summary>Who holds an API key with the scope <c>admin</c> and came by the console: may see the rooms that are for operators.</summary>
    public bool IsOperator { get; init; }

    /// <summary>The room that all connections of this user are in.</summary>
    public string? OwnRoom { get; } = UserId is null ? null : UserRoom.TryNameFor(UserId);

    /// <summary>
    /// Whose idempotency keys this principal's are. A user's survive a reconnect, from wherever; anonymous clients share theirs, since nothing
    /// tells one that comes back from another: their keys should be random.
    /// </summary>
    public string KeyScope { get; init; } = UserId is null ? "anonymous" : "user." + Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(UserId));

    // No grant opens the operators' rooms, whatever its pattern: what they show is of all users.
    public bool MayJoin(string room) => RoomName.IsOpsRoom(room) ? IsOperator : room == OwnRoom || Grants.Allows(Grants.Join, room);

    public bool MayPublish(string room) => room != RoomName.All && !RoomName.IsOpsRoom(room) && Grants.Allows(Grants.Publish, room);

    public bool MaySeePresence(string room) => RoomName.IsOpsRoom(room) ? IsOperator : room == OwnRoom || Grants.Allows(Grants.Presence, room);
}
