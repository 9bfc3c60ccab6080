using System.Text.Json;
using Microsoft.AspNetCore.SignalR;
using Peer.SignalR;

// SignalR as its documentation sets it up; with --Redis host:port behind its Redis backplane.
var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
var signalR = builder.Services.AddSignalR(options => options.MaximumReceiveMessageSize = 1024 * 1024);
if (builder.Configuration["Redis"] is { } redis)
    signalR.AddStackExchangeRedis(redis);

builder.Services.AddSingleton<IUserIdProvider, QueryUserId>();
var app = builder.Build();
app.MapHub<RoomHub>("/hub");
app.MapPost("/rooms/{room}", async (string room, HttpRequest request, IHubContext<RoomHub> hub) =>
{
    using var body = await JsonDocument.ParseAsync(request.Body);
    await hub.Clients.Group(room).SendAsync("message", room, body.RootElement);
    return Results.Accepted();
});
app.MapPost("/users/{user}", async (string user, HttpRequest request, IHubContext<RoomHub> hub) =>
{
    using var body = await JsonDocument.ParseAsync(request.Body);
    await hub.Clients.User(user).SendAsync("message", user, body.RootElement);
    return Results.Accepted();
});
app.MapPost("/messages", async (Push[] pushes, IHubContext<RoomHub> hub) =>
{
    await Task.WhenAll(pushes.Select(push => hub.Clients.User(push.User).SendAsync("message", push.User, push.Payload)));
    return Results.Accepted();
});
app.Run();
