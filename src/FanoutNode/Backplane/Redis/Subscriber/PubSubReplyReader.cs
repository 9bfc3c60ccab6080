using System.Buffers;
using System.Buffers.Text;

namespace Fanout.Node.Backplane.Redis.Subscriber;

/// <summary>Reads the few replies that a RESP2 connection in subscribe mode gets: arrays of bulk strings and integers, statuses, errors.</summary>
internal static class PubSubReplyReader
{
    private const int MaxElements = 3;

    /// <summary>Takes one reply off the front of the buffer; <see cref="PubSubReplyKind.None"/> if it is not all there.</summary>
    /// <exception cref="InvalidDataException">The bytes are no RESP: the connection is unusable.</exception>
    public static PubSubReply Read(ref ReadOnlySequence<byte> buffer)
    {
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryRead(out var type) || !reader.TryReadTo(out ReadOnlySequence<byte> line, "\r\n"u8))
            return default;

        PubSubReply reply;
        switch (type)
        {
            case (byte)'+':
                reply = new PubSubReply { Kind = PubSubReplyKind.Status, Subject = line };
                break;
            case (byte)'-':
                reply = new PubSubReply { Kind = PubSubReplyKind.Error, Subject = line };
                break;
            case (byte)':':
                reply = new PubSubReply { Kind = PubSubReplyKind.Other };
                break;
            case (byte)'$':
                if (!TryReadBulk(ref reader, Number(line), out _))
                    return default;
                reply = new PubSubReply { Kind = PubSubReplyKind.Other };
                break;
            case (byte)'*' or (byte)'>':
                if (!TryReadArray(ref reader, Number(line), out reply))
                    return default;
                break;
            default:
                throw new InvalidDataException($"Redis sent 0x{type:x2} where a reply should begin.");
        }

        buffer = buffer.Slice(reader.Position);
        return reply;
    }

    private static bool TryReadArray(ref SequenceReader<byte> reader, long count, out PubSubReply reply)
    {
        reply = default;
        ReadOnlySequence<byte> first = default, second = default, third = default;
        for (var i = 0; i < count; i++)
        {
            if (!TryReadElement(ref reader, out var element))
                return false;
            switch (i)
            {
                case 0:
                    first = element;
                    break;
                case 1:
                    second = element;
                    break;
                case MaxElements - 1:
                    third = element;
                    break;
            }
        }

        reply = new PubSubReply { Kind = KindOf(first), Subject = second, Payload = third };
        return true;
    }

    private static bool TryReadElement(ref SequenceReader<byte> reader, out ReadOnlySequence<byte> element)
    {
        element = default;
        if (!reader.TryRead(out var type) || !reader.TryReadTo(out ReadOnlySequence<byte> line, "\r\n"u8))
            return false;
        switch (type)
        {
            case (byte)'$':
                return TryReadBulk(ref reader, Number(line), out element);
            case (byte)':' or (byte)'+':
                element = line;
                return true;
            default:
                throw new InvalidDataException($"Redis sent 0x{type:x2} inside a reply in subscribe mode.");
        }
    }

    private static bool TryReadBulk(ref SequenceReader<byte> reader, long length, out ReadOnlySequence<byte> bytes)
    {
        bytes = default;
        if (length < 0)
            return true; // Nil.
        if (!reader.TryReadExact((int)length, out bytes))
            return false;
        // The line end behind it.
        return reader.TryReadExact(2, out _);
    }

    private static PubSubReplyKind KindOf(in ReadOnlySequence<byte> name) => name.Length switch
    {
        7 when Is(name, "message"u8) => PubSubReplyKind.Message,
        8 when Is(name, "smessage"u8) => PubSubReplyKind.Message,
        9 when Is(name, "subscribe"u8) => PubSubReplyKind.Subscribed,
        11 when Is(name, "unsubscribe"u8) => PubSubReplyKind.Unsubscribed,
        4 when Is(name, "pong"u8) => PubSubReplyKind.Pong,
        _ => PubSubReplyKind.Other,
    };

    private static bool Is(in ReadOnlySequence<byte> value, ReadOnlySpan<byte> text)
    {
        Span<byte> copy = stackalloc byte[16];
        value.CopyTo(copy);
        return copy[..text.Length].SequenceEqual(text);
    }

    private static long Number(in ReadOnlySequence<byte> line)
    {
        Span<byte> digits = stackalloc byte[20];
        if (line.Length is > 0 and <= 20)
        {
            line.CopyTo(digits);
            if (Utf8Parser.TryParse(digits[..(int)line.Length], out long number, out var used) && used == line.Length && number <= int.MaxValue)
                return number;
        }

        throw new InvalidDataException("Redis sent a length that is no number.");
    }
}
