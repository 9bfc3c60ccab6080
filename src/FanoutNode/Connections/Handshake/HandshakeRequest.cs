using System.Net;

namespace Fanout.Node.Connections.Handshake;

/// <summary>What the checks of a handshake look at, wherever the request was read.</summary>
internal sealed record HandshakeRequest
{
    /// <summary>Whether this is HTTP/2's extended CONNECT (RFC 8441), which has no Upgrade header and no key.</summary>
    public bool IsExtendedConnect { get; init; }

    /// <summary>Whether this asks for server-sent events, which is an ordinary request and no upgrade.</summary>
    public bool IsEventStream { get; init; }

    /// <summary>Whether this asks for <c>/echo</c>, which only a node under test serves.</summary>
    public bool IsEcho { get; init; }

    /// <summary>Whether this asks for the console's own socket, which takes operators and nobody else.</summary>
    public bool IsConsole { get; init; }

    public string? Upgrade { get; init; }

    public string? Connection { get; init; }

    public string? Version { get; init; }

    public string? Key { get; init; }

    /// <summary>All offered subprotocols, comma-separated as on the wire.</summary>
    public string? Protocols { get; init; }

    /// <summary>All offered extensions, comma-separated as on the wire.</summary>
    public string? Extensions { get; init; }

    public string? Origin { get; init; }

    public string? Host { get; init; }

    public string? Authorization { get; init; }

    /// <summary>The query, with its question mark, still percent-encoded. May hold a token: never logged.</summary>
    public string Query { get; init; } = "";

    /// <summary>The peer's; behind a known proxy, the client's.</summary>
    public IPAddress? RemoteAddress { get; init; }

    /// <summary><c>X-Forwarded-For</c>, several of them joined by commas. Anybody's word, until <see cref="ClientAddress"/> has judged it.</summary>
    public string? ForwardedFor { get; init; }

    /// <summary><c>X-Forwarded-Host</c>; likewise.</summary>
    public string? ForwardedHost { get; init; }
}
