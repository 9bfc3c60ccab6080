using System.Text.Json;
using Microsoft.AspNetCore.SignalR;
using Peer.SignalR;

// SignalR as its documentation sets it up; with --Redis host:port behind its Redis backplane.
var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
var signalR = builder.Services.AddSignalR(options => options.MaximumReceiveMessageSize = 1024 * 1024);
if (builder.Configuration["Redis"] is { } redis)
    signalR.AddStackExchangeRedis(redis);

var app = builder.Build();
app.MapHub<RoomHub>("/hub");
app.MapPost("/rooms/{room}", async (string room, HttpRequest request, IHubContext<RoomHub> hub) =>
{
    using var body = await JsonDocument.ParseAsync(request.Body);
    await hub.Clients.Group(room).SendAsync("message", room, body.RootElement);
    return Results.Accepted();
});
app.Run();
