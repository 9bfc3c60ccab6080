using System.Text.Json.Nodes;
using Fanout.Tests.TestKit.Sockets;

namespace Fanout.Tests.TestKit.Clients.Wire;

internal sealed class MsgpackWire : IWire
{
    public string Subprotocol => TestClientOptions.Msgpack;

    public WebSocketOpcode Opcode => WebSocketOpcode.Binary;

    public byte[] Encode(JsonObject message) => Msgpack.Encode(message);

    public JsonObject Decode(ReadOnlyMemory<byte> frame) =>
        Msgpack.Decode(frame) as JsonObject ?? throw new FormatException("The frame is no MessagePack map");

    public Range? PayloadRange(ReadOnlyMemory<byte> frame)
    {
        var reader = new MsgpackReader(frame);
        for (var fields = reader.MapHeader(); fields > 0; fields--)
        {
            var name = reader.Key();
            var start = reader.Position;
            reader.Value();
            if (name == "payload")
                return start..reader.Position;
        }

        return null;
    }
}
