using System.Buffers;

namespace Fanout.Tests.Unit;

/// <summary>Buffers of several segments, as pipes give them.</summary>
internal static class Segments
{
    public static ReadOnlySequence<byte> Of(params byte[][] parts)
    {
        var first = new Segment([], null);
        var last = first;
        foreach (var part in parts.Where(part => part.Length > 0))
            last = new Segment(part, last);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    /// <summary>A segment for every so many bytes.</summary>
    public static ReadOnlySequence<byte> Every(int size, byte[] bytes) => Of([.. bytes.Chunk(size)]);

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, Segment? previous)
        {
            Memory = bytes;
            if (previous is null)
                return;
            RunningIndex = previous.RunningIndex + previous.Memory.Length;
            previous.Next = this;
        }
    }
}
