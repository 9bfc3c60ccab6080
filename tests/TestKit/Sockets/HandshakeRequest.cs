using System.Security.Cryptography;
using System.Text;

namespace Fanout.Tests.TestKit.Sockets;

/// <summary>The text of an upgrade request, written by hand so that any part of it can be wrong.</summary>
public sealed class HandshakeRequest
{
    private readonly List<KeyValuePair<string, string>> _headers = [];

    public HandshakeRequest(Uri baseUri, string pathAndQuery, IEnumerable<string>? subprotocols = null)
    {
        PathAndQuery = pathAndQuery;
        Key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        Add("Host", baseUri.Authority);
        Add("Connection", "Upgrade");
        Add("Upgrade", "websocket");
        Add("Sec-WebSocket-Version", "13");
        Add("Sec-WebSocket-Key", Key);
        var offered = string.Join(", ", subprotocols ?? []);
        if (offered.Length > 0)
            Add("Sec-WebSocket-Protocol", offered);
    }

    public string Method { get; init; } = "GET";

    public string PathAndQuery { get; }

    /// <summary>What the server has to prove that it read.</summary>
    public string Key { get; }

    /// <summary>Adds a header, also one that is there already.</summary>
    public HandshakeRequest Add(string name, string value)
    {
        _headers.Add(new(name, value));
        return this;
    }

    /// <summary>Replaces every header of that name; null removes them.</summary>
    public HandshakeRequest Set(string name, string? value)
    {
        _headers.RemoveAll(header => string.Equals(header.Key, name, StringComparison.OrdinalIgnoreCase));
        return value is null ? this : Add(name, value);
    }

    public override string ToString()
    {
        var text = new StringBuilder().Append(Method).Append(' ').Append(PathAndQuery).Append(" HTTP/1.1\r\n");
        foreach (var (name, value) in _headers)
            text.Append(name).Append(": ").Append(value).Append("\r\n");
        return text.Append("\r\n").ToString();
    }

    public byte[] ToBytes() => Encoding.UTF8.GetBytes(ToString());
}
