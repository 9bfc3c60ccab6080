using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using Fanout.Node.Backplane;
using Fanout.Node.History;
using Fanout.Node.Presence;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Api;

/// <summary>Rooms and their members, over all nodes.</summary>
internal static class RoomEndpoints
{
    public static async Task<IResult> ListAsync(HttpContext context, IBackplane backplane, string? prefix = null, string? after = null, string? limit = null)
    {
        if (!TryReadLimit(limit, out var size, out var problem))
            return problem;
        return await GuardAsync(async () =>
        {
            // That somebody looks at the console is for operators, too.
            var isOperator = context.Features.Get<ApiKeyOptions>()?.Scopes.Contains(ApiScope.Admin) == true;
            RoomItem[] shown;
            var next = after;
            do
            {
                var page = await backplane.Membership.ListRoomsAsync(prefix ?? "", next, size);
                shown = [.. page.Items.Where(room => isOperator || !RoomName.IsOpsRoom(room.Room)).Select(room => new RoomItem(room.Room, room.Members))];
                next = page.Next;
            }
            while (shown is [] && next is not null);
            // Where a page ends at a room that is not shown, the next one begins behind the last that is.
            return Results.Json(new RoomList(shown, next is null ? null : shown[^1].Room), ApiJson.Default.RoomList);
        });
    }

    public static async Task<IResult> GetAsync(string room, PresenceReader presence, HistoryReader history)
    {
        if (!RoomName.IsValid(room))
            return ApiProblem.BadRoom(room);
        return await GuardAsync(async () =>
        {
            var counts = await presence.CountAsync(room);
            var position = await history.PositionAsync(room);
            return Results.Json(new RoomDetails(room, counts.Members, counts.Users, position?.Epoch, position?.Offset), ApiJson.Default.RoomDetails);
        });
    }

    public static async Task<IResult> MembersAsync(string room, PresenceReader presence, string? after = null, string? limit = null)
    {
        if (!RoomName.IsValid(room))
            return ApiProblem.BadRoom(room);
        if (!TryReadLimit(limit, out var size, out var problem))
            return problem;
        return await GuardAsync(async () =>
        {
            var page = await presence.ListAsync(room, after, size);
            var items = page.Items.Select(member => new MemberItem(
                member.ClientId, member.UserId, member.Info is { } info ? JsonElement.Parse(info.Bytes.Span) : null));
            return Results.Json(new MemberList([.. items], page.Next), ApiJson.Default.MemberList);
        });
    }

    internal static async Task<IResult> GuardAsync(Func<Task<IResult>> action)
    {
        try
        {
            return await action();
        }
        catch (BackplaneUnavailableException)
        {
            return ApiProblem.Unavailable();
        }
    }

    /// <summary>Reads <c>?limit=</c>: how many items a page may have.</summary>
    internal static bool TryReadLimit(string? limit, out int size, [NotNullWhen(false)] out IResult? problem)
    {
        problem = null;
        size = ProtocolLimits.DefaultPageSize;
        if (limit is null || (int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out size) && size is >= 1 and <= ProtocolLimits.MaxPageSize))
            return true;
        problem = ApiProblem.BadRequest($"'limit' must be 1 to {ProtocolLimits.MaxPageSize}.");
        return false;
    }
}
