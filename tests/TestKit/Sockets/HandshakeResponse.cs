using System.Text.Json.Nodes;

namespace Fanout.Tests.TestKit.Sockets;

/// <summary>What the server answered to the upgrade. <paramref name="Body"/> is empty on 101.</summary>
public sealed record HandshakeResponse(int Status, string StatusLine, IReadOnlyList<KeyValuePair<string, string>> Headers, string Body)
{
    public bool Accepted => Status == 101;

    public string? Subprotocol => Header("Sec-WebSocket-Protocol");

    public JsonNode? Json => JsonNode.Parse(Body);

    /// <summary>The header's value, several of them joined by commas; null when absent.</summary>
    public string? Header(string name)
    {
        var found = Headers.Where(header => string.Equals(header.Key, name, StringComparison.OrdinalIgnoreCase));
        var joined = string.Join(", ", found.Select(header => header.Value));
        return joined.Length == 0 ? null : joined;
    }

    public override string ToString() => $"{StatusLine} {Body}";
}
