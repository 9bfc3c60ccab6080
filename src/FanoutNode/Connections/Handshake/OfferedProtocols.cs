using Fanout.Shared.Protocol;

namespace Fanout.Node.Connections.Handshake;

/// <summary>What a client offered in <c>Sec-WebSocket-Protocol</c>: the protocol to speak, and perhaps a token.</summary>
/// <param name="Echo">What the answer names; null where nothing was offered.</param>
internal readonly record struct OfferedProtocols(WireFormat Format, string? Echo, string? Token)
{
    /// <summary><see langword="false"/> if there are offers but none that the node speaks.</summary>
    public static bool TryRead(string? header, out OfferedProtocols offered)
    {
        offered = default;
        if (string.IsNullOrWhiteSpace(header))
            return true;

        string? echo = null;
        string? token = null;
        foreach (var part in header.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.StartsWith(Subprotocols.BearerPrefix, StringComparison.Ordinal))
                token ??= part[Subprotocols.BearerPrefix.Length..];
            else if (part is Subprotocols.Json or Subprotocols.MessagePack)
                echo ??= part; // The client's order is its preference (RFC 6455, section 4.1).
        }

        // A browser fails a connection whose offer is not answered, so a token alone is no offer to accept.
        if (echo is null)
            return false;
        offered = new OfferedProtocols(echo == Subprotocols.MessagePack ? WireFormat.MessagePack : WireFormat.Json, echo, token);
        return true;
    }
}
