using System.Text;
using System.Text.Json.Nodes;
using Fanout.Shared.Envelopes;
using OtherCodec = Fanout.Tests.TestKit.Clients.Wire.Msgpack;

namespace Fanout.Tests.Unit.Shared.Envelopes;

/// <summary>A client's message as a reader sees it, kept; a <see cref="ClientMessage"/> itself lives on the stack alone.</summary>
internal sealed record Decoded(string Type, string? Id, string? Room, string? Key, string? Method, bool Echo, byte[] Payload, string? Problem)
{
    public string TraceParent { get; init; } = "";

    public string PayloadText => Encoding.UTF8.GetString(Payload);

    public static Decoded Json(string text) => Json(Encoding.UTF8.GetBytes(text));

    public static Decoded Json(byte[] utf8) => Of(JsonClientMessageReader.Read(utf8));

    public static Decoded Msgpack(byte[] bytes) => Of(MessagePackClientMessageReader.Read(bytes));

    /// <summary>The same message by both readers, the second from a codec that is not the product's.</summary>
    public static (Decoded Json, Decoded Msgpack) Both(string json) =>
        (Json(json), Msgpack(OtherCodec.Encode(JsonNode.Parse(json))));

    private static Decoded Of(in ClientMessage message) => new(
        message.Type, message.Id, message.Room, message.Key, message.Method, message.Echo, message.Payload.ToArray(), message.Problem)
    {
        TraceParent = Encoding.UTF8.GetString(message.TraceParent),
    };
}
