// A chat in one file, to see that it runs: what you type goes to the room, what anybody types comes back.
//   dotnet run examples/chat/chat.cs -- ann
//   dotnet run examples/chat/chat.cs -- bob --url ws://localhost:8080 --room chat
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

var name = args.FirstOrDefault(a => !a.StartsWith('-')) ?? Environment.UserName;
var url = Option("--url") ?? "ws://localhost:8080";
var room = Option("--room") ?? "chat";

using var socket = new ClientWebSocket();
socket.Options.AddSubProtocol("fanout.v1.json");
try
{
    await socket.ConnectAsync(new Uri($"{url}/ws?rooms={Uri.EscapeDataString(room)}"), CancellationToken.None);
}
catch (WebSocketException e)
{
    Console.Error.WriteLine($"{url} does not answer: {e.Message}\nStart a node first: dotnet run --project src/FanoutNode");
    return 1;
}

var reading = ReadAsync();
var typing = Task.Run(TypeAsync);
await Task.WhenAny(reading, typing);
if (socket.State == WebSocketState.Open)
    await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
return 0;

async Task TypeAsync()
{
    while (Console.ReadLine() is { } line)
    {
        var payload = new JsonObject { ["name"] = name, ["text"] = line };
        var message = new JsonObject { ["type"] = "publish", ["room"] = room, ["echo"] = false, ["payload"] = payload };
        await socket.SendAsync(Encoding.UTF8.GetBytes(message.ToJsonString()), WebSocketMessageType.Text, true, CancellationToken.None);
    }
}

async Task ReadAsync()
{
    var buffer = new byte[64 * 1024];
    while (true)
    {
        var length = 0;
        WebSocketReceiveResult part;
        do
        {
            part = await socket.ReceiveAsync(new ArraySegment<byte>(buffer, length, buffer.Length - length), CancellationToken.None);
            length += part.Count;
        }
        while (!part.EndOfMessage);
        if (part.MessageType == WebSocketMessageType.Close)
        {
            Console.WriteLine($"-- closed: {(int?)socket.CloseStatus} {socket.CloseStatusDescription}");
            return;
        }

        using var message = JsonDocument.Parse(buffer.AsMemory(0, length));
        Show(message.RootElement);
    }
}

void Show(JsonElement message)
{
    var payload = message.TryGetProperty("payload", out var value) ? value : default;
    Console.WriteLine(message.GetProperty("type").GetString() switch
    {
        "connected" => $"-- {name} on node {payload.GetProperty("node")}",
        "joined" => $"-- in '{room}' with {payload.GetProperty("count").GetInt64() - 1} others",
        "message" when payload.ValueKind == JsonValueKind.Object && payload.TryGetProperty("text", out var text) => $"{payload.GetProperty("name")}: {text}",
        "message" => $"message: {payload.GetRawText()}",
        "error" => $"-- {payload.GetProperty("code")}: {payload.GetProperty("message")}",
        var type => $"-- {type} {(payload.ValueKind == JsonValueKind.Undefined ? "" : payload.GetRawText())}",
    });
}

string? Option(string option) => Array.IndexOf(args, option) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;
