using System.Text;
using Fanout.Bench.Load.Sockets;

namespace Fanout.Bench.Load.Protocols;

/// <summary>A publish whose payload is filled in later.</summary>
internal sealed class PublishTemplate(string before, string after, int payloadBytes, byte? opcode = ClientFrame.Text)
{
    private readonly byte[] _before = Encoding.UTF8.GetBytes(before);
    private readonly byte[] _after = Encoding.UTF8.GetBytes(after);

    public int Length => _before.Length + payloadBytes + _after.Length;

    /// <summary>Writes it, and gives the place of its payload.</summary>
    public Span<byte> WriteTo(Span<byte> target)
    {
        _before.CopyTo(target);
        _after.CopyTo(target[(_before.Length + payloadBytes)..]);
        return target.Slice(_before.Length, payloadBytes);
    }

    /// <summary>Queues the publish with a publisher, and gives the place of its payload.</summary>
    public Span<byte> Reserve(Client publisher)
    {
        return WriteTo(opcode is { } some ? ClientFrame.Reserve(publisher, some, Length) : publisher.Reserve(Length));
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
