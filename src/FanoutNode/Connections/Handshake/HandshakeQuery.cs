namespace Fanout.Node.Connections.Handshake;

/// <summary>Reads the fields of the query that a handshake knows.</summary>
internal static class HandshakeQuery
{
    /// <summary>The decoded value of a field, or null. The first one counts.</summary>
    public static string? Get(string query, string name)
    {
        foreach (var pair in query.TrimStart('?').Split('&'))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var key = equals < 0 ? pair : pair[..equals];
            if (key == name)
                return equals < 0 ? "" : Uri.UnescapeDataString(pair[(equals + 1)..].Replace('+', ' '));
        }

        return null;
    }
}
