using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Fanout.Tests.TestKit.Clients.Wire;

namespace Fanout.Tests.Unit.TestKit;

/// <summary>Enough of a node to test the test client: one room, no memory.</summary>
internal static class FakeNode
{
    public static Task<TinyServer> StartAsync() => TinyServer.StartAsync(async (http, socket) =>
    {
        var binary = socket.SubProtocol == "fanout.v1.msgpack";
        await SendAsync(new JsonObject { ["type"] = "connected", ["payload"] = new JsonObject { ["clientId"] = "c1", ["node"] = "fake" } });
        var buffer = new byte[64 * 1024];
        while (await socket.ReceiveAsync(buffer.AsMemory(), http.RequestAborted) is { MessageType: not WebSocketMessageType.Close } read)
        {
            var bytes = buffer.AsMemory(0, read.Count);
            foreach (var answer in Answers((JsonObject)(binary ? Msgpack.Decode(bytes) : JsonNode.Parse(bytes.Span))!))
                await SendAsync(answer);
            if (socket.State != WebSocketState.Open)
                return;
        }

        await socket.CloseAsync(socket.CloseStatus!.Value, socket.CloseStatusDescription, http.RequestAborted);

        Task SendAsync(JsonObject message) =>
            message["type"]!.GetValue<string>() == "bye"
                ? socket.CloseOutputAsync((WebSocketCloseStatus)4503, "by an operator", http.RequestAborted)
                : binary
                    ? socket.SendAsync(Msgpack.Encode(message), WebSocketMessageType.Binary, true, http.RequestAborted)
                    : TinyServer.SendTextAsync(socket, message.ToJsonString());
    });

    private static IEnumerable<JsonObject> Answers(JsonObject command)
    {
        var id = command["id"]?.DeepClone();
        var room = command["room"]?.DeepClone();
        var type = command["type"]!.GetValue<string>();
        switch (type)
        {
            case "publish":
                // The message first: the client has to look past it for its answer, although it bears the same id.
                var payload = Copy(command["payload"]);
                yield return new JsonObject { ["type"] = "message", ["room"] = room, ["id"] = id, ["offset"] = 1, ["payload"] = payload };
                if (id is not null)
                    yield return new JsonObject { ["type"] = "published", ["id"] = id.DeepClone(), ["offset"] = 1 };
                break;
            case "join" or "leave" or "ping":
                var answer = new JsonObject { ["type"] = type switch { "join" => "joined", "leave" => "left", _ => "pong" }, ["id"] = id };
                if (room is not null)
                    answer["room"] = room;
                yield return answer;
                break;
            case "bye":
                yield return new JsonObject { ["type"] = "bye" };
                break;
            default:
                var error = new JsonObject { ["code"] = "unknown_type", ["message"] = type, ["retryable"] = false };
                yield return new JsonObject { ["type"] = "error", ["id"] = id, ["payload"] = error };
                break;
        }
    }

    // DeepClone would turn binary into text.
    private static JsonNode? Copy(JsonNode? node) => Msgpack.Decode(Msgpack.Encode(node));
}
