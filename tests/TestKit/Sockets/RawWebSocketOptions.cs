using System.Net.Security;

namespace Fanout.Tests.TestKit.Sockets;

public sealed record RawWebSocketOptions
{
    public string PathAndQuery { get; init; } = "/ws";

    public IReadOnlyList<string> Subprotocols { get; init; } = [];

    /// <summary>Replace the handshake's own headers or add to them; null removes one.</summary>
    public IReadOnlyDictionary<string, string?> Headers { get; init; } = new Dictionary<string, string?>();

    /// <summary>The kernel's receive buffer. Small (4096) plays a slow reader: the server feels what is not read.</summary>
    public int? ReceiveBufferBytes { get; init; }

    /// <summary>Needed for https and wss; the test says what certificate it accepts.</summary>
    public SslClientAuthenticationOptions? Tls { get; init; }

    /// <summary>For the connect and for every call that names no other; <see cref="Deadlines.Default"/> when absent.</summary>
    public TimeSpan? Deadline { get; init; }
}
