using Fanout.Shared.Rooms;

namespace Fanout.Node.Api.Messages;

/// <summary>Where an API key may publish: everywhere but in the service's own rooms, of which users' and <c>$all</c> are open to it.</summary>
internal static class PublishTarget
{
    /// <summary>Why nothing may be published there; null where it may.</summary>
    public static ApiProblem? Problem(string room)
    {
        if (!RoomName.IsValid(room))
            return ApiProblem.BadRoom(room);
        if (!RoomName.IsServiceRoom(room) || room == RoomName.All)
            return null;
        if (!RoomName.IsUserRoom(room))
            return ApiProblem.Forbidden($"The room '{room}' is the service's own; of those only {RoomName.All} and {RoomName.UserPrefix}… may be published to.");
        return IsSomeUsers(room) ? null : new ApiProblem(400, Shared.Protocol.ErrorCode.BadRoom, $"'{room}' is no user's room: bytes of the user are written =HH, and only those that must be.");
    }

    // Without an escape it is written as it must be; nobody would ever be in one that is written otherwise.
    private static bool IsSomeUsers(string room) =>
        room.Contains('=', StringComparison.Ordinal)
            ? UserRoom.TryUserOf(room) is { } user && UserRoom.TryNameFor(user) == room
            : room.Length > RoomName.UserPrefix.Length;
}
