using System.Buffers.Binary;

namespace Fanout.Shared.MessagePack;

/// <summary>
/// The one place that knows how long each format is. <see cref="Size"/> counts elements for an array, pairs for a map, and body
/// bytes for everything else.
/// </summary>
internal readonly struct MessagePackToken
{
    private MessagePackToken(MessagePackType type, int headerLength, uint size)
    {
        Type = type;
        HeaderLength = headerLength;
        Size = size;
    }

    public MessagePackType Type { get; }

    /// <summary>Bytes before the body; an extension's type byte belongs to it.</summary>
    public int HeaderLength { get; }

    public uint Size { get; }

    public bool IsContainer => Type is MessagePackType.Array or MessagePackType.Map;

    /// <summary>How far to move to be past the value, or, for a container, at its first element. Fits: the bytes are in a span.</summary>
    public int Length => IsContainer ? HeaderLength : HeaderLength + (int)Size;

    /// <summary>
    /// Reads the token at the start of <paramref name="bytes"/>; false when it is cut short. A container is cut short as well when it
    /// announces more values than bytes are left (each takes at least one), so an announced count is never larger than the input.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out MessagePackToken token)
    {
        if (bytes.IsEmpty)
        {
            token = default;
            return false;
        }

        var format = bytes[0];
        return format switch
        {
            <= MessagePackFormat.PositiveFixIntMax or >= MessagePackFormat.NegativeFixIntMin
                => TryCreate(bytes, MessagePackType.Integer, 1, 0, out token),
            <= MessagePackFormat.FixMapMax => TryCreate(bytes, MessagePackType.Map, 1, format & 0x0fu, out token),
            <= MessagePackFormat.FixArrayMax => TryCreate(bytes, MessagePackType.Array, 1, format & 0x0fu, out token),
            <= MessagePackFormat.FixStrMax => TryCreate(bytes, MessagePackType.String, 1, format & 0x1fu, out token),
            MessagePackFormat.Nil => TryCreate(bytes, MessagePackType.Nil, 1, 0, out token),
            MessagePackFormat.NeverUsed => TryCreate(bytes, MessagePackType.NeverUsed, 1, 0, out token),
            MessagePackFormat.False or MessagePackFormat.True => TryCreate(bytes, MessagePackType.Boolean, 1, 0, out token),
            MessagePackFormat.Bin8 => TryCreateSized(bytes, MessagePackType.Binary, 1, 0, out token),
            MessagePackFormat.Bin16 => TryCreateSized(bytes, MessagePackType.Binary, 2, 0, out token),
            MessagePackFormat.Bin32 => TryCreateSized(bytes, MessagePackType.Binary, 4, 0, out token),
            MessagePackFormat.Ext8 => TryCreateSized(bytes, MessagePackType.Extension, 1, 1, out token),
            MessagePackFormat.Ext16 => TryCreateSized(bytes, MessagePackType.Extension, 2, 1, out token),
            MessagePackFormat.Ext32 => TryCreateSized(bytes, MessagePackType.Extension, 4, 1, out token),
            MessagePackFormat.Float32 => TryCreate(bytes, MessagePackType.Float32, 1, 4, out token),
            MessagePackFormat.Float64 => TryCreate(bytes, MessagePackType.Float64, 1, 8, out token),
            MessagePackFormat.UInt8 or MessagePackFormat.Int8 => TryCreate(bytes, MessagePackType.Integer, 1, 1, out token),
            MessagePackFormat.UInt16 or MessagePackFormat.Int16 => TryCreate(bytes, MessagePackType.Integer, 1, 2, out token),
            MessagePackFormat.UInt32 or MessagePackFormat.Int32 => TryCreate(bytes, MessagePackType.Integer, 1, 4, out token),
            MessagePackFormat.UInt64 or MessagePackFormat.Int64 => TryCreate(bytes, MessagePackType.Integer, 1, 8, out token),
            <= MessagePackFormat.FixExt16 // fixext 1, 2, 4, 8, 16 are 0xd4 to 0xd8
                => TryCreate(bytes, MessagePackType.Extension, 2, 1u << (format - MessagePackFormat.FixExt1), out token),
            MessagePackFormat.Str8 => TryCreateSized(bytes, MessagePackType.String, 1, 0, out token),
            MessagePackFormat.Str16 => TryCreateSized(bytes, MessagePackType.String, 2, 0, out token),
            MessagePackFormat.Str32 => TryCreateSized(bytes, MessagePackType.String, 4, 0, out token),
            MessagePackFormat.Array16 => TryCreateSized(bytes, MessagePackType.Array, 2, 0, out token),
            MessagePackFormat.Array32 => TryCreateSized(bytes, MessagePackType.Array, 4, 0, out token),
            MessagePackFormat.Map16 => TryCreateSized(bytes, MessagePackType.Map, 2, 0, out token),
            MessagePackFormat.Map32 => TryCreateSized(bytes, MessagePackType.Map, 4, 0, out token),
        };
    }

    private static bool TryCreateSized(
        ReadOnlySpan<byte> bytes, MessagePackType type, int width, int extra, out MessagePackToken token)
    {
        if (bytes.Length <= width)
        {
            token = default;
            return false;
        }

        var size = width switch
        {
            1 => bytes[1],
            2 => BinaryPrimitives.ReadUInt16BigEndian(bytes[1..]),
            _ => BinaryPrimitives.ReadUInt32BigEndian(bytes[1..]),
        };
        return TryCreate(bytes, type, 1 + width + extra, size, out token);
    }

    private static bool TryCreate(
        ReadOnlySpan<byte> bytes, MessagePackType type, int headerLength, uint size, out MessagePackToken token)
    {
        var atLeast = type is MessagePackType.Map ? 2L * size : size;
        token = new MessagePackToken(type, headerLength, size);
        return headerLength + atLeast <= bytes.Length;
    }
}
