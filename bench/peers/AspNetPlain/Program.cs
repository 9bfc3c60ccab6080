using System.Text.Json;
using Peer.AspNetPlain;

// Plain ASP.NET WebSockets as most teams write them: a channel and a writer task per client, a room is a set of clients.
var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
var app = builder.Build();
app.UseWebSockets();
var rooms = new Rooms();

app.Map("/ws", async context =>
{
    using var socket = await context.WebSockets.AcceptWebSocketAsync();
    await new Client(socket, rooms, context.Request.Query["room"]).RunAsync();
});
app.MapPost("/rooms/{room}", async (string room, HttpRequest request) =>
{
    using var body = await JsonDocument.ParseAsync(request.Body);
    rooms.Publish(room, body.RootElement);
    return Results.Accepted();
});
app.Run();
