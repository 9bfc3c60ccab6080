using System.Buffers.Binary;
using System.Text;
using Fanout.Node.Compression;
using Fanout.Shared.Codecs;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Connections.Framing;

/// <summary>Builds the frames that a node sends. They carry no mask, so one frame serves any number of receivers.</summary>
internal static class ServerFrames
{
    /// <summary>A ping without payload; one array for all sockets.</summary>
    public static readonly byte[] Ping = [0x80 | (byte)Opcode.Ping, 0];

    private const byte Fin = 0x80;
    private const byte Rsv1 = 0x40;
    private const int MaxControlPayload = 125;
    private const int LongestHeader = 10;

    /// <summary>Encodes a message of the protocol as one whole frame.</summary>
    public static byte[] Encode<T>(WireFormat format, in T message)
        where T : struct, IServerMessage
    {
        var buffer = EnvelopeBuffer.Rent();
        var writer = new EnvelopeWriter(format, buffer);
        message.Write(ref writer);
        var headerLength = WriteHeaderBackwards(buffer.Head, format == WireFormat.Json ? Opcode.Text : Opcode.Binary, buffer.WrittenCount);
        var frame = buffer.ToArray(headerLength);
        EnvelopeBuffer.Return(buffer);
        return frame;
    }

    /// <summary>One whole frame around a message.</summary>
    public static byte[] Message(Opcode opcode, ReadOnlySpan<byte> payload)
    {
        Span<byte> head = stackalloc byte[LongestHeader];
        var headerLength = WriteHeaderBackwards(head, opcode, payload.Length);
        var frame = GC.AllocateUninitializedArray<byte>(headerLength + payload.Length);
        head[^headerLength..].CopyTo(frame);
        payload.CopyTo(frame.AsSpan(headerLength));
        return frame;
    }

    /// <summary>
    /// One whole frame around a message that is compressed; null where compressing it gains nothing. RSV1 says that it is (RFC 7692, section 6).
    /// </summary>
    public static byte[]? Compressed(Opcode opcode, ReadOnlySpan<byte> message)
    {
        if (Deflater.Deflate(message, LongestHeader) is not { } bytes)
            return null;
        var headerLength = WriteHeaderBackwards(bytes.AsSpan(0, LongestHeader), opcode, bytes.Length - LongestHeader);
        bytes[LongestHeader - headerLength] |= Rsv1;
        return bytes[(LongestHeader - headerLength)..];
    }

    /// <summary>The payload of a frame that this class has built.</summary>
    public static ReadOnlySpan<byte> PayloadOf(ReadOnlySpan<byte> frame) => frame[(frame[1] switch { 127 => 10, 126 => 4, _ => 2 })..];

    /// <summary>A pong that repeats the ping's payload (RFC 6455, section 5.5.3).</summary>
    public static byte[] Pong(ReadOnlySpan<byte> payload) => Control(Opcode.Pong, payload);

    /// <summary>A close frame; a reason that would not fit is cut at a character.</summary>
    public static byte[] Close(CloseCode code, string reason)
    {
        Span<byte> payload = stackalloc byte[MaxControlPayload];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)code);
        Encoding.UTF8.GetEncoder().Convert(reason, payload[2..], flush: true, out _, out var written, out _);
        return Control(Opcode.Close, payload[..(2 + written)]);
    }

    /// <summary>The answer to a close frame without a code: none either.</summary>
    public static byte[] CloseWithoutCode() => Control(Opcode.Close, []);

    private static byte[] Control(Opcode opcode, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[2 + payload.Length];
        frame[0] = (byte)(Fin | (byte)opcode);
        frame[1] = (byte)payload.Length;
        payload.CopyTo(frame.AsSpan(2));
        return frame;
    }

    private static int WriteHeaderBackwards(Span<byte> head, Opcode opcode, int length)
    {
        switch (length)
        {
            case <= 125:
                head[^2] = (byte)(Fin | (byte)opcode);
                head[^1] = (byte)length;
                return 2;
            case <= ushort.MaxValue:
                head[^4] = (byte)(Fin | (byte)opcode);
                head[^3] = 126;
                BinaryPrimitives.WriteUInt16BigEndian(head[^2..], (ushort)length);
                return 4;
            default:
                head[^10] = (byte)(Fin | (byte)opcode);
                head[^9] = 127;
                BinaryPrimitives.WriteUInt64BigEndian(head[^8..], (ulong)length);
                return 10;
        }
    }
}
