using System.Buffers.Binary;

namespace Fanout.Shared.MessagePack;

/// <summary>
/// Puts one header or scalar at the start of a span in its shortest format and returns the bytes used. The caller brings room:
/// <see cref="MaxScalarLength"/> for numbers, <see cref="MaxHeaderLength"/> for headers.
/// </summary>
internal static class MessagePackEncoder
{
    public const int MaxScalarLength = 9;
    public const int MaxHeaderLength = 5;

    public static int Boolean(Span<byte> destination, bool value)
        => One(destination, value ? MessagePackFormat.True : MessagePackFormat.False);

    public static int Nil(Span<byte> destination) => One(destination, MessagePackFormat.Nil);

    public static int Int64(Span<byte> destination, long value)
    {
        // Never a signed format for a number that is not negative: of equally long formats readers everywhere accept the unsigned.
        if (value >= 0)
            return UInt64(destination, (ulong)value);
        if (value >= -32)
            return One(destination, unchecked((byte)value));
        if (value >= sbyte.MinValue)
            return Sized8(destination, MessagePackFormat.Int8, unchecked((byte)value));
        if (value >= short.MinValue)
            return Sized16(destination, MessagePackFormat.Int16, unchecked((ushort)value));
        if (value >= int.MinValue)
            return Sized32(destination, MessagePackFormat.Int32, unchecked((uint)value));
        return Sized64(destination, MessagePackFormat.Int64, unchecked((ulong)value));
    }

    public static int UInt64(Span<byte> destination, ulong value) => value switch
    {
        <= MessagePackFormat.PositiveFixIntMax => One(destination, (byte)value),
        <= byte.MaxValue => Sized8(destination, MessagePackFormat.UInt8, (byte)value),
        <= ushort.MaxValue => Sized16(destination, MessagePackFormat.UInt16, (ushort)value),
        <= uint.MaxValue => Sized32(destination, MessagePackFormat.UInt32, (uint)value),
        _ => Sized64(destination, MessagePackFormat.UInt64, value),
    };

    public static int Double(Span<byte> destination, double value)
        => Sized64(destination, MessagePackFormat.Float64, BitConverter.DoubleToUInt64Bits(value));

    public static int StringHeader(Span<byte> destination, uint length) => length switch
    {
        <= MessagePackFormat.FixStrMaxLength => One(destination, (byte)(MessagePackFormat.FixStr | length)),
        <= byte.MaxValue => Sized8(destination, MessagePackFormat.Str8, (byte)length),
        <= ushort.MaxValue => Sized16(destination, MessagePackFormat.Str16, (ushort)length),
        _ => Sized32(destination, MessagePackFormat.Str32, length),
    };

    public static int BinaryHeader(Span<byte> destination, uint length) => length switch
    {
        <= byte.MaxValue => Sized8(destination, MessagePackFormat.Bin8, (byte)length),
        <= ushort.MaxValue => Sized16(destination, MessagePackFormat.Bin16, (ushort)length),
        _ => Sized32(destination, MessagePackFormat.Bin32, length),
    };

    public static int ArrayHeader(Span<byte> destination, uint count) => count switch
    {
        <= MessagePackFormat.FixContainerMaxCount => One(destination, (byte)(MessagePackFormat.FixArray | count)),
        <= ushort.MaxValue => Sized16(destination, MessagePackFormat.Array16, (ushort)count),
        _ => Sized32(destination, MessagePackFormat.Array32, count),
    };

    public static int MapHeader(Span<byte> destination, uint count) => count switch
    {
        <= MessagePackFormat.FixContainerMaxCount => One(destination, (byte)(MessagePackFormat.FixMap | count)),
        <= ushort.MaxValue => Sized16(destination, MessagePackFormat.Map16, (ushort)count),
        _ => Sized32(destination, MessagePackFormat.Map32, count),
    };

    private static int One(Span<byte> destination, byte format)
    {
        destination[0] = format;
        return 1;
    }

    private static int Sized8(Span<byte> destination, byte format, byte value)
    {
        destination[1] = value;
        destination[0] = format;
        return 2;
    }

    private static int Sized16(Span<byte> destination, byte format, ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination[1..], value);
        destination[0] = format;
        return 3;
    }

    private static int Sized32(Span<byte> destination, byte format, uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination[1..], value);
        destination[0] = format;
        return 5;
    }

    private static int Sized64(Span<byte> destination, byte format, ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination[1..], value);
        destination[0] = format;
        return 9;
    }
}
