using Fanout.Node.Backplane;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Api;

/// <summary><c>GET /api/v1/users/{user}</c>: whether a user is there, and by which connections, over all nodes.</summary>
internal static class UserEndpoint
{
    public static async Task<IResult> HandleAsync(HttpContext context, IBackplane backplane)
    {
        var user = PathName.Of(context);
        if (Problem(user) is { } problem)
            return problem;
        return await RoomEndpoints.GuardAsync(async () =>
        {
            var room = UserRoom.TryNameFor(user.Value!)!;
            // In this order: whoever goes in between is offline with the time at which it went.
            var members = await backplane.Membership.ListAsync(room, null, ProtocolLimits.MaxPageSize);
            var connections = members.Items.Select(member => new ConnectionItem(member.ClientId, NodeIdentity.NameOf(member.NodeId), member.ConnectedAt));
            var lastSeen = members.Items.Count == 0 ? await backplane.Membership.LastSeenAsync(room) : null;
            return Results.Json(
                new UserDetails(user.Value!, members.Items.Count > 0, [.. connections], lastSeen), ApiJson.Default.UserDetails);
        });
    }

    /// <summary>Why there can be no such user; null where there can.</summary>
    public static ApiProblem? Problem(PathName user) =>
        user.Value is null ? ApiProblem.BadRequest("The user's name in the path is not percent-encoded UTF-8.")
        : UserRoom.TryNameFor(user.Value) is null ? ApiProblem.BadRequest("There can be no user of that name: it is empty or too long.")
        : null;
}
