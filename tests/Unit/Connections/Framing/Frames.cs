using System.Buffers;
using Fanout.Node.Connections.Framing;

namespace Fanout.Tests.Unit.Connections.Framing;

/// <summary>What came out of a <see cref="FrameReader"/>, kept.</summary>
internal sealed record Seen(InboundKind Kind, Opcode Opcode, string Hex, int? Code)
{
    public static Seen Message(Opcode opcode, ReadOnlySpan<byte> payload) => new(InboundKind.Message, opcode, Convert.ToHexString(payload), null);

    public static Seen Ping(ReadOnlySpan<byte> payload) => new(InboundKind.Ping, default, Convert.ToHexString(payload), null);

    public static Seen Pong(ReadOnlySpan<byte> payload) => new(InboundKind.Pong, default, Convert.ToHexString(payload), null);

    public static Seen Close(int? code) => new(InboundKind.Close, default, "", code);

    public static Seen Violation(int code) => new(InboundKind.Violation, default, "", code);
}

/// <summary>Feeds a reader as the socket pump does: what it leaves unread is offered again, in front of what comes next.</summary>
internal static class Frames
{
    public const long Limit = 1024 * 1024;

    public static List<Seen> Read(IEnumerable<byte[]> chunks, long limit = Limit)
    {
        using var reader = new FrameReader(limit);
        var seen = new List<Seen>();
        var unread = Array.Empty<byte>();
        foreach (var chunk in chunks)
        {
            // In two segments, so that a header or payload may lie across their border.
            var buffer = Segments.Of(unread, chunk);
            while (true)
            {
                var frame = reader.Read(ref buffer);
                if (frame.Kind == InboundKind.None)
                    break;
                seen.Add(new Seen(frame.Kind, frame.Opcode, Convert.ToHexString(frame.Payload), frame.CloseCode));
                if (frame.Kind is InboundKind.Violation or InboundKind.Close)
                    return seen;
            }

            unread = buffer.ToArray();
        }

        return seen;
    }

    public static List<Seen> Read(params byte[] bytes) => Read([bytes]);

    /// <summary>The bytes in pieces that end at these places.</summary>
    public static IEnumerable<byte[]> SplitAt(byte[] bytes, params int[] places)
    {
        var start = 0;
        foreach (var place in places.Where(place => place > 0 && place < bytes.Length).Distinct().Order())
        {
            yield return bytes[start..place];
            start = place;
        }

        yield return bytes[start..];
    }
}
