using System.Buffers.Binary;

namespace Fanout.Shared.MessagePack;

/// <summary>Decodes the body of a number whose token <see cref="MessagePackToken.TryDecode"/> accepted, so the bytes are there.</summary>
internal static class MessagePackNumber
{
    /// <summary>The value as 64 bits: two's complement when <paramref name="negative"/>, else unsigned.</summary>
    public static ulong Integer(ReadOnlySpan<byte> bytes, out bool negative)
    {
        var body = bytes[1..];
        switch (bytes[0])
        {
            case MessagePackFormat.UInt8:
                return Unsigned(body[0], out negative);
            case MessagePackFormat.UInt16:
                return Unsigned(BinaryPrimitives.ReadUInt16BigEndian(body), out negative);
            case MessagePackFormat.UInt32:
                return Unsigned(BinaryPrimitives.ReadUInt32BigEndian(body), out negative);
            case MessagePackFormat.UInt64:
                return Unsigned(BinaryPrimitives.ReadUInt64BigEndian(body), out negative);
            case MessagePackFormat.Int8:
                return Signed((sbyte)body[0], out negative);
            case MessagePackFormat.Int16:
                return Signed(BinaryPrimitives.ReadInt16BigEndian(body), out negative);
            case MessagePackFormat.Int32:
                return Signed(BinaryPrimitives.ReadInt32BigEndian(body), out negative);
            case MessagePackFormat.Int64:
                return Signed(BinaryPrimitives.ReadInt64BigEndian(body), out negative);
            default: // a fixint is its own value
                return Signed((sbyte)bytes[0], out negative);
        }
    }

    public static float Single(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadSingleBigEndian(bytes[1..]);

    public static double Double(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadDoubleBigEndian(bytes[1..]);

    private static ulong Unsigned(ulong value, out bool negative)
    {
        negative = false;
        return value;
    }

    private static ulong Signed(long value, out bool negative)
    {
        negative = value < 0;
        return unchecked((ulong)value);
    }
}
