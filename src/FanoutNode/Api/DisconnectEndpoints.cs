using System.Globalization;
using Fanout.Node.Auth;
using Fanout.Node.Control;

namespace Fanout.Node.Api;

/// <summary>An operator's disconnects, by user and by connection, on whatever node they live.</summary>
internal static class DisconnectEndpoints
{
    private static readonly TimeSpan LongestRevocation = TimeSpan.FromDays(366);

    /// <summary><c>DELETE /api/v1/users/{user}/connections</c>.</summary>
    /// <param name="revokeFor">So long the user stays out, as <c>00:10:00</c>; <c>Fanout:Auth:RevokeFor</c> where it is absent.</param>
    public static async Task<IResult> UserAsync(HttpContext context, OrderDesk orders, AuthOptions auth, string? revokeFor = null)
    {
        var user = PathName.Of(context);
        if (UserEndpoint.Problem(user) is { } problem)
            return problem;
        var duration = auth.RevokeFor;
        if (revokeFor is not null && !TryReadDuration(revokeFor, out duration))
            return ApiProblem.BadRequest($"'revokeFor' must be a duration such as 00:10:00, up to {LongestRevocation.Days} days; 0 only disconnects.");
        return await RoomEndpoints.GuardAsync(async () => Answer(await orders.DisconnectUserAsync(user.Value!, duration)));
    }

    /// <summary><c>DELETE /api/v1/users/{user}/revocation</c>: lets the user in again.</summary>
    public static async Task<IResult> LiftAsync(HttpContext context, OrderDesk orders)
    {
        var user = PathName.Of(context);
        if (UserEndpoint.Problem(user) is { } problem)
            return problem;
        return await RoomEndpoints.GuardAsync(async () =>
        {
            await orders.LiftAsync(user.Value!);
            return Results.NoContent();
        });
    }

    /// <summary><c>DELETE /api/v1/connections/{id}</c>.</summary>
    public static Task<IResult> ConnectionAsync(string id, OrderDesk orders) => RoomEndpoints.GuardAsync(async () =>
    {
        var result = await orders.DisconnectConnectionAsync(id);
        if (result.Closed > 0)
            return Answer(result);
        // Only who has asked everybody may say that there is none.
        return result.IsComplete ? ApiProblem.NotFound("There is no such connection.") : ApiProblem.Timeout("Not every node has answered; the connection may be on one of those.");
    });

    // A bare number would be days, and whoever writes one means seconds.
    private static bool TryReadDuration(string text, out TimeSpan duration) =>
        TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out duration)
        && (duration == TimeSpan.Zero || text.Contains(':', StringComparison.Ordinal))
        && duration >= TimeSpan.Zero && duration <= LongestRevocation;

    private static IResult Answer(OrderResult result) => Results.Json(new DisconnectAnswer(result.Closed, result.IsComplete), ApiJson.Default.DisconnectAnswer);
}
