using System.Text.Json.Nodes;
using Fanout.Tests.Chaos.Recordings;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Clients.Wire;
using Fanout.Tests.TestKit.Sockets;

namespace Fanout.Tests.Chaos.Workload;

/// <summary>One message from a node, by either subprotocol.</summary>
internal readonly record struct Inbound(JsonObject Json)
{
    public string Type => Json.Text("type") ?? "";

    public string? Room => Json.Text("room");

    public string? Id => Json.Text("id");

    public JsonObject Payload => Json.Payload();

    public Position? PositionInPayload =>
        Payload.Text("epoch") is { } epoch && Payload.Integer("offset") is { } offset ? new Position(epoch, offset) : null;

    public static Inbound Decode(WebSocketFrame frame, bool messagePack) => new((JsonObject)(messagePack
        ? Msgpack.Decode(frame.Payload)
        : JsonNode.Parse(frame.Payload.Span))!);

    public static byte[] Encode(JsonObject message, bool messagePack) => messagePack
        ? WebSocketFrames.Binary(Msgpack.Encode(message))
        : WebSocketFrames.Text(message.ToJsonString());
}
