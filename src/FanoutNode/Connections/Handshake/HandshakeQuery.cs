namespace Fanout.Node.Connections.Handshake;

/// <summary>Reads the fields of the query that a handshake knows.</summary>
internal static class HandshakeQuery
{
    /// <summary>The decoded value of a field, or null. The first one counts.</summary>
    public static string? Get(string query, string name)
    {
        var fields = query.AsSpan().TrimStart('?');
        foreach (var range in fields.Split('&'))
        {
            var field = fields[range];
            var equals = field.IndexOf('=');
            if (!(equals < 0 ? field : field[..equals]).SequenceEqual(name))
                continue;
            return equals < 0 ? "" : Uri.UnescapeDataString(field[(equals + 1)..].ToString().Replace('+', ' '));
        }

        return null;
    }
}
