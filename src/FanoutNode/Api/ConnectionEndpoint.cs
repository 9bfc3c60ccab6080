using Fanout.Node.Backplane;
using Fanout.Node.Connections;
using Fanout.Node.Control;

namespace Fanout.Node.Api;

/// <summary><c>GET /api/v1/connections/{id}</c>: whose connection it is, where, and in which rooms.</summary>
internal static class ConnectionEndpoint
{
    public static async Task<IResult> HandleAsync(string id, ConnectionLookup lookup, OrderDesk orders, IBackplane backplane)
    {
        if (!ConnectionId.IsPossible(id))
            return ApiProblem.NotFound("There is no such connection.");
        if (lookup.Find(id) is { } here)
            return Answer(here);
        return await RoomEndpoints.GuardAsync(async () =>
        {
            var result = await orders.FindConnectionAsync(id);
            if (result.Found is { } there)
                return Answer(there);
            if (result.IsComplete)
                return ApiProblem.NotFound("There is no such connection.");
            // Its node does not answer, or is of an older version; of one that is in a room something is known to all.
            return await backplane.Nodes.FindConnectionAsync(id) is { } known
                ? Results.Json(new ConnectionDetails(known.ClientId, NodeIdentity.NameOf(known.NodeId), known.UserId, known.ConnectedAt, null, null), ApiJson.Default.ConnectionDetails)
                : ApiProblem.Timeout("Not every node has answered; the connection may be on one of those.");
        });
    }

    private static IResult Answer(FoundConnection found) => Results.Json(
        new ConnectionDetails(found.ClientId, found.Node, found.UserId, found.Since, found.Rooms, found.RoomCount), ApiJson.Default.ConnectionDetails);
}
