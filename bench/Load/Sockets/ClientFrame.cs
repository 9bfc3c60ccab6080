using System.Buffers.Binary;

namespace Fanout.Bench.Load.Sockets;

/// <summary>Frames of RFC 6455 as far as a client needs them.</summary>
internal static class ClientFrame
{
    public const byte Text = 1;
    public const byte Binary = 2;
    public const byte Close = 8;
    public const byte Ping = 9;
    public const byte Pong = 10;

    /// <summary>Queues a frame's header and gives the room for its payload. The mask is zero: the server's work is the same, ours is none.</summary>
    public static Span<byte> Reserve(Client client, byte opcode, int length)
    {
        var headerLength = length < 126 ? 6 : length <= ushort.MaxValue ? 8 : 14;
        var span = client.Reserve(headerLength + length);
        span[0] = (byte)(0x80 | opcode);
        if (length < 126)
        {
            span[1] = (byte)(0x80 | length);
        }
        else if (length <= ushort.MaxValue)
        {
            span[1] = 0x80 | 126;
            BinaryPrimitives.WriteUInt16BigEndian(span[2..], (ushort)length);
        }
        else
        {
            span[1] = 0x80 | 127;
            BinaryPrimitives.WriteUInt64BigEndian(span[2..], (ulong)length);
        }

        span.Slice(headerLength - 4, 4).Clear();
        return span[headerLength..];
    }

    /// <summary>Reads a server's frame header; false if there is more to come.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out byte opcode, out int headerLength, out int payloadLength)
    {
        (opcode, headerLength, payloadLength) = (0, 2, 0);
        if (bytes.Length < 2)
            return false;
        opcode = (byte)(bytes[0] & 0xF);
        payloadLength = bytes[1] & 0x7F;
        if (payloadLength == 126)
        {
            headerLength = 4;
            if (bytes.Length < 4)
                return false;
            payloadLength = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        }
        else if (payloadLength == 127)
        {
            headerLength = 10;
            if (bytes.Length < 10)
                return false;
            payloadLength = checked((int)BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]));
        }

        return bytes.Length - headerLength >= payloadLength;
    }
}
