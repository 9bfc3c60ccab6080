using System.Text.Json.Nodes;
using Fanout.Tests.TestKit.Sockets;

namespace Fanout.Tests.TestKit.Clients.Wire;

/// <summary>One subprotocol, as the test client speaks it. Deliberately shares nothing with the product's codecs.</summary>
internal interface IWire
{
    string Subprotocol { get; }

    WebSocketOpcode Opcode { get; }

    byte[] Encode(JsonObject message);

    JsonObject Decode(ReadOnlyMemory<byte> frame);

    /// <summary>Where the value of the top-level field "payload" lies in the frame; null when there is none.</summary>
    Range? PayloadRange(ReadOnlyMemory<byte> frame);
}
