namespace Fanout.Shared.Protocol;

/// <summary>The two encodings of protocol version 1. A connection speaks exactly one of them, chosen by its subprotocol.</summary>
public enum WireFormat
{
    /// <summary>Text frames, one JSON object each (<c>fanout.v1.json</c>).</summary>
    Json = 0,

    /// <summary>Binary frames, one MessagePack map each (<c>fanout.v1.msgpack</c>).</summary>
    MessagePack = 1,
}
