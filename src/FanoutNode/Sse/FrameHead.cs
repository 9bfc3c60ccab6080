using System.Buffers.Binary;
using Fanout.Node.Connections.Framing;

namespace Fanout.Node.Sse;

/// <summary>Takes the frames of <see cref="ServerFrames"/> apart again: what lanes hand out is framed for sockets, and shared with them.</summary>
internal static class FrameHead
{
    /// <summary>Cuts the first frame off.</summary>
    public static ReadOnlyMemory<byte> Take(ref ReadOnlyMemory<byte> frames, out Opcode opcode)
    {
        var span = frames.Span;
        opcode = (Opcode)(span[0] & 0x0F);
        var (start, length) = span[1] switch
        {
            126 => (4, BinaryPrimitives.ReadUInt16BigEndian(span[2..])),
            127 => (10, checked((int)BinaryPrimitives.ReadUInt64BigEndian(span[2..]))),
            var few => (2, (int)few),
        };
        var payload = frames.Slice(start, length);
        frames = frames[(start + length)..];
        return payload;
    }
}
