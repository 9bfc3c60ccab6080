namespace Fanout.Shared.Protocol;

/// <summary>Names that a client offers in <c>Sec-WebSocket-Protocol</c> (RFC 6455, section 1.9).</summary>
public static class Subprotocols
{
    /// <summary>Text frames; also what a client gets that offers no subprotocol.</summary>
    public const string Json = "fanout.v1.json";

    /// <summary>Binary frames.</summary>
    public const string MessagePack = "fanout.v1.msgpack";

    /// <summary>
    /// Prefix of an offer that carries a token, for browsers, which cannot set a header. It is never echoed back, so a client that
    /// uses it offers a protocol beside it.
    /// </summary>
    public const string BearerPrefix = "fanout.bearer.";

    /// <summary>The subprotocol of a format.</summary>
    public static string NameOf(WireFormat format) => format == WireFormat.Json ? Json : MessagePack;
}
