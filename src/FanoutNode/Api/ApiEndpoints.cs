using Fanout.Node.Backplane;

namespace Fanout.Node.Api;

/// <summary>The HTTP API: which call goes where, and which scope it needs.</summary>
internal static class ApiEndpoints
{
    public static void MapApi(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1");
        api.MapPost("/rooms/{room}/messages", PublishEndpoint.HandleAsync).AddEndpointFilter(new ApiKeyFilter(ApiScope.Publish));
        api.MapGet("/rooms", RoomEndpoints.ListAsync).AddEndpointFilter(new ApiKeyFilter(ApiScope.Read));
        api.MapGet("/rooms/{room}", RoomEndpoints.GetAsync).AddEndpointFilter(new ApiKeyFilter(ApiScope.Read));
        api.MapGet("/rooms/{room}/members", RoomEndpoints.MembersAsync).AddEndpointFilter(new ApiKeyFilter(ApiScope.Read));
        api.MapGet("/rooms/{room}/history", HistoryEndpoint.HandleAsync).AddEndpointFilter(new ApiKeyFilter(ApiScope.Read));
        api.MapDelete("/users/{user}/connections", DisconnectEndpoints.UserAsync).AddEndpointFilter(new ApiKeyFilter(ApiScope.Admin));
        api.MapDelete("/users/{user}/revocation", DisconnectEndpoints.LiftAsync).AddEndpointFilter(new ApiKeyFilter(ApiScope.Admin));
        api.MapDelete("/connections/{id}", DisconnectEndpoints.ConnectionAsync).AddEndpointFilter(new ApiKeyFilter(ApiScope.Admin));
        api.MapGet("/webhooks", WebhookEndpoints.ListAsync).AddEndpointFilter(new ApiKeyFilter(ApiScope.Read));
        api.MapGet("/webhooks/dead", WebhookEndpoints.DeadAsync).AddEndpointFilter(new ApiKeyFilter(ApiScope.Admin));
        api.MapPost("/webhooks/dead/replay", WebhookEndpoints.ReplayAsync).AddEndpointFilter(new ApiKeyFilter(ApiScope.Admin));
        api.MapGet("/nodes", ListNodesAsync).AddEndpointFilter(new ApiKeyFilter(ApiScope.Read));
    }

    private static Task<IResult> ListNodesAsync(IBackplane backplane) => RoomEndpoints.GuardAsync(async () =>
    {
        var nodes = await backplane.Nodes.ListAsync();
        var items = nodes.Select(node => new NodeItem(
            node.Id, node.Name, node.Version, node.Started, node.Connections, node.Rooms, node.Backplane, node.Draining));
        return Results.Json(new NodeList([.. items]), ApiJson.Default.NodeList);
    });
}
