using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fanout.Tests.TestKit.Sockets;

namespace Fanout.Tests.TestKit.Clients.Wire;

internal sealed class JsonWire : IWire
{
    // Deeper than any payload that a test sends.
    private const int MaxDepth = 2_000;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly JsonSerializerOptions Options = new() { MaxDepth = MaxDepth };

    public string Subprotocol => TestClientOptions.Json;

    public WebSocketOpcode Opcode => WebSocketOpcode.Text;

    public byte[] Encode(JsonObject message) => Encoding.UTF8.GetBytes(message.ToJsonString(Options));

    // By way of a string, which refuses bad UTF-8; the JSON parser would let some of it pass unread.
    public JsonObject Decode(ReadOnlyMemory<byte> frame) =>
        (JsonObject)JsonNode.Parse(Utf8.GetString(frame.Span), documentOptions: new JsonDocumentOptions { MaxDepth = MaxDepth })!;

    public Range? PayloadRange(ReadOnlyMemory<byte> frame)
    {
        var reader = new Utf8JsonReader(frame.Span, new JsonReaderOptions { MaxDepth = MaxDepth });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isPayload = reader.ValueTextEquals("payload"u8);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (isPayload)
                return start..(int)reader.BytesConsumed;
        }

        return null;
    }
}
