using System.Text;
using Fanout.Bench.Load.Sockets;

namespace Fanout.Bench.Load.Protocols;

/// <summary>A publish whose payload is filled in later.</summary>
internal sealed class PublishTemplate(string before, string after, int payloadBytes, byte? opcode = ClientFrame.Text)
{
    private readonly byte[] _before = Encoding.UTF8.GetBytes(before);
    private readonly byte[] _after = Encoding.UTF8.GetBytes(after);

    /// <summary>Queues the publish with a publisher, and gives the place of its payload.</summary>
    public Span<byte> Reserve(Client publisher)
    {
        var length = _before.Length + payloadBytes + _after.Length;
        var span = opcode is { } some ? ClientFrame.Reserve(publisher, some, length) : publisher.Reserve(length);
        _before.CopyTo(span);
        _after.CopyTo(span[(_before.Length + payloadBytes)..]);
        return span.Slice(_before.Length, payloadBytes);
    }

    /// <summary>An HTTP publish with a JSON string as its body.</summary>
    public static PublishTemplate Post(string path, string headers, int payloadBytes, bool quoted = true)
    {
        var quote = quoted ? "\"" : "";
        var head =
            $"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {(quoted ? "application/json" : "text/plain")}\r\n"
            + $"Content-Length: {payloadBytes + (2 * quote.Length)}\r\n{headers}\r\n{quote}";
        return new PublishTemplate(head, quote, payloadBytes, opcode: null);
    }
}
