using System.Buffers;
using System.Buffers.Binary;

namespace Fanout.Node.Connections.Framing;

/// <summary>The header of a client's frame, checked by the rules that need no more than the header (RFC 6455, sections 5.1 to 5.5).</summary>
internal readonly struct FrameHeader
{
    private const int LongestHeader = 14;
    private const int Rsv1 = 0x40;

    public Opcode Opcode { get; private init; }

    public bool IsFinal { get; private init; }

    public long PayloadLength { get; private init; }

    /// <summary>RSV1 (RFC 7692, section 6): the message is compressed. Only where that was agreed, and on its first frame.</summary>
    public bool IsCompressed { get; private init; }

    /// <summary>The masking key, first byte on the wire in the low byte.</summary>
    public uint MaskKey { get; private init; }

    public bool IsControl => ((byte)Opcode & 0x8) != 0;

    /// <summary>Reads a header off the front of the buffer.</summary>
    /// <param name="allowsCompressed">Whether permessage-deflate was agreed.</param>
    /// <returns><see langword="false"/> if more bytes are needed. <paramref name="violation"/> is set when the header breaks a rule.</returns>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, bool allowsCompressed, out FrameHeader header, out string? violation)
    {
        header = default;
        violation = null;
        if (buffer.Length < 2)
            return false;

        Span<byte> bytes = stackalloc byte[LongestHeader];
        var available = (int)Math.Min(buffer.Length, LongestHeader);
        buffer.Slice(0, available).CopyTo(bytes);

        // These two bytes alone may be wrong: then there is no point in waiting for the rest.
        violation = CheckFirstBytes(bytes[0], bytes[1], allowsCompressed);
        if (violation is not null)
            return true;

        var shortLength = bytes[1] & 0x7F;
        var lengthBytes = shortLength switch { 126 => 2, 127 => 8, _ => 0 };
        var headerLength = 2 + lengthBytes + 4;
        if (available < headerLength)
            return false;

        var length = shortLength switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            127 => BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]),
            _ => (ulong)shortLength,
        };
        if (length > long.MaxValue)
            violation = "a frame length has its highest bit set";
        else if ((shortLength == 126 && length < 126) || (shortLength == 127 && length <= ushort.MaxValue))
            violation = "a frame length is not in its shortest form";

        header = new FrameHeader
        {
            Opcode = (Opcode)(bytes[0] & 0x0F),
            IsCompressed = (bytes[0] & Rsv1) != 0,
            IsFinal = (bytes[0] & 0x80) != 0,
            PayloadLength = (long)Math.Min(length, long.MaxValue),
            MaskKey = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(2 + lengthBytes)..]),
        };
        buffer = buffer.Slice(headerLength);
        return true;
    }

    private static string? CheckFirstBytes(byte first, byte second, bool allowsCompressed)
    {
        var opcode = first & 0x0F;
        if ((first & (allowsCompressed ? 0x70 & ~Rsv1 : 0x70)) != 0)
            return "a reserved bit is set, but no extension that uses it was agreed";
        if ((first & Rsv1) != 0 && opcode is not ((int)Opcode.Text or (int)Opcode.Binary))
            return "only the first frame of a message says that it is compressed";
        if (opcode is (> (int)Opcode.Binary and < (int)Opcode.Close) or > (int)Opcode.Pong)
            return $"opcode {opcode} is reserved";
        if ((second & 0x80) == 0)
            return "a client's frame has no mask";
        if ((opcode & 0x8) == 0)
            return null;
        if ((first & 0x80) == 0)
            return "a control frame is fragmented";
        return (second & 0x7F) > 125 ? "a control frame has more than 125 bytes" : null;
    }
}
