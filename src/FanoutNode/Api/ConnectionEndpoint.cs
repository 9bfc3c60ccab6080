using Fanout.Node.Backplane;
using Fanout.Node.Connections;

namespace Fanout.Node.Api;

/// <summary><c>GET /api/v1/connections/{id}</c>: whose connection it is, and where.</summary>
internal static class ConnectionEndpoint
{
    public static async Task<IResult> HandleAsync(string id, ConnectionRegistry connections, IBackplane backplane)
    {
        // Its own node knows it in any case; the others, once it is in a room.
        if (connections.Find(id)?.Connection is { } here)
            return Answer(new ConnectionDetails(here.ClientId, backplane.NodeName, here.Principal.UserId, here.ConnectedAt));
        return await RoomEndpoints.GuardAsync(async () => await backplane.Nodes.FindConnectionAsync(id) is { } there
            ? Answer(new ConnectionDetails(there.ClientId, NodeIdentity.NameOf(there.NodeId), there.UserId, there.ConnectedAt))
            : ApiProblem.NotFound("There is no such connection, or it is in no room and on another node."));
    }

    private static IResult Answer(ConnectionDetails connection) => Results.Json(connection, ApiJson.Default.ConnectionDetails);
}
