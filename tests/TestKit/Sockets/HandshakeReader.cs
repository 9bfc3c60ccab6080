using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Fanout.Tests.TestKit.Sockets;

/// <summary>Reads the HTTP answer to an upgrade, without touching a byte behind it.</summary>
internal static class HandshakeReader
{
    public static async Task<HandshakeResponse> ReadAsync(PeerReader reader, CancellationToken cancelled)
    {
        var statusLine = await reader.LineAsync(cancelled);
        var parts = statusLine.Split(' ', 3);
        if (parts.Length < 2 || !parts[0].StartsWith("HTTP/1.", StringComparison.Ordinal))
            throw new ProtocolViolationException($"Not an HTTP/1.x status line: {statusLine}");
        var status = int.Parse(parts[1], CultureInfo.InvariantCulture);

        var headers = new List<KeyValuePair<string, string>>();
        while (await reader.LineAsync(cancelled) is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
                throw new ProtocolViolationException($"Not a header line: {line}");
            headers.Add(new(line[..colon], line[(colon + 1)..].Trim()));
        }

        var head = new HandshakeResponse(status, statusLine, headers, "");
        return head.Accepted ? head : head with { Body = Encoding.UTF8.GetString(await BodyAsync(head, reader, cancelled)) };
    }

    /// <summary>Fails unless a 101 proves that the server read this very request.</summary>
    public static void Verify(HandshakeResponse response, string key)
    {
        if (!response.Accepted)
            return;
        // The RFC prescribes SHA-1 here; it guards against confused caches, not against attackers.
#pragma warning disable CA5350
        var proof = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        if (response.Header("Sec-WebSocket-Accept") != proof)
            throw new ProtocolViolationException($"Sec-WebSocket-Accept is {response.Header("Sec-WebSocket-Accept")}, expected {proof}");
        if (!string.Equals(response.Header("Upgrade"), "websocket", StringComparison.OrdinalIgnoreCase))
            throw new ProtocolViolationException($"Upgrade is {response.Header("Upgrade")}, expected websocket");
        if (response.Header("Connection")?.Contains("upgrade", StringComparison.OrdinalIgnoreCase) != true)
            throw new ProtocolViolationException($"Connection is {response.Header("Connection")}, expected Upgrade");
    }

    private static async Task<byte[]> BodyAsync(HandshakeResponse head, PeerReader reader, CancellationToken cancelled)
    {
        if (string.Equals(head.Header("Transfer-Encoding"), "chunked", StringComparison.OrdinalIgnoreCase))
            return await ChunksAsync(reader, cancelled);
        if (head.Header("Content-Length") is { } length)
            return await reader.TakeAsync(int.Parse(length, CultureInfo.InvariantCulture), cancelled);
        return await reader.ToEndAsync(cancelled);
    }

    private static async Task<byte[]> ChunksAsync(PeerReader reader, CancellationToken cancelled)
    {
        using var body = new MemoryStream();
        while (true)
        {
            var size = int.Parse((await reader.LineAsync(cancelled)).Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            body.Write(await reader.TakeAsync(size, cancelled));
            await reader.LineAsync(cancelled);
            if (size == 0)
                return body.ToArray();
        }
    }
}
