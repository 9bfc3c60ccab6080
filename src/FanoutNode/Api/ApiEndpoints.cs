using Fanout.Node.Api.Messages;
using Fanout.Node.Api.OpenApi;
using Fanout.Node.Backplane;

namespace Fanout.Node.Api;

/// <summary>The HTTP API: which call goes where, and which scope it needs. The document that describes it stands in <c>OpenApi/v1.json</c>.</summary>
internal static class ApiEndpoints
{
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    public static void MapApi(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods(OpenApiDocument.Path, Reading, OpenApiDocument.HandleAsync);
        var api = routes.MapGroup("/api/v1");
        api.MapPublishing();
        api.MapRead("/rooms", RoomEndpoints.ListAsync);
        api.MapRead("/rooms/{room}", RoomEndpoints.GetAsync);
        api.MapRead("/rooms/{room}/members", RoomEndpoints.MembersAsync);
        api.MapRead("/rooms/{room}/history", HistoryEndpoint.HandleAsync);
        api.MapRead("/users/{user}", UserEndpoint.HandleAsync);
        api.MapDelete("/users/{user}/connections", DisconnectEndpoints.UserAsync).AddEndpointFilter(new ApiKeyFilter(ApiScope.Admin));
        api.MapDelete("/users/{user}/revocation", DisconnectEndpoints.LiftAsync).AddEndpointFilter(new ApiKeyFilter(ApiScope.Admin));
        api.MapRead("/connections/{id}", ConnectionEndpoint.HandleAsync);
        api.MapDelete("/connections/{id}", DisconnectEndpoints.ConnectionAsync).AddEndpointFilter(new ApiKeyFilter(ApiScope.Admin));
        api.MapRead("/webhooks", WebhookEndpoints.ListAsync);
        api.MapMethods("/webhooks/dead", Reading, WebhookEndpoints.DeadAsync).AddEndpointFilter(new ApiKeyFilter(ApiScope.Admin));
        api.MapPost("/webhooks/dead/replay", WebhookEndpoints.ReplayAsync).AddEndpointFilter(new ApiKeyFilter(ApiScope.Admin));
        api.MapRead("/nodes", ListNodesAsync);
    }

    // Plain request delegates: the hot path pays for no filters and no binding.
    private static void MapPublishing(this IEndpointRouteBuilder api)
    {
        var gate = api.ServiceProvider.GetRequiredService<ApiGate>();
        var publish = api.ServiceProvider.GetRequiredService<PublishEndpoint>();
        api.MapPost("/rooms/{room}/messages", gate.For(ApiScope.Publish, publish.ToRoomAsync));
        api.MapPost("/users/{user}/messages", gate.For(ApiScope.Publish, publish.ToUserAsync));
        api.MapPost("/messages", gate.For(ApiScope.Publish, api.ServiceProvider.GetRequiredService<BatchEndpoint>().HandleAsync));
    }

    private static void MapRead(this IEndpointRouteBuilder api, string pattern, Delegate handler) =>
        api.MapMethods(pattern, Reading, handler).AddEndpointFilter(new ApiKeyFilter(ApiScope.Read));

    private static Task<IResult> ListNodesAsync(IBackplane backplane) => RoomEndpoints.GuardAsync(async () =>
    {
        var nodes = await backplane.Nodes.ListAsync();
        var items = nodes.Select(node => new NodeItem(
            node.Id, node.Name, node.Version, node.Started, node.Connections, node.Rooms, node.Backplane, node.Draining));
        return Results.Json(new NodeList([.. items]), ApiJson.Default.NodeList);
    });
}
