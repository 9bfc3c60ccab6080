using System.Buffers;
using System.Text;

namespace Fanout.Node.Connections.Framing;

/// <summary>The end of a piece of UTF-8, where a character may be cut off.</summary>
internal static class Utf8Tail
{
    private const int LongestCut = 3;

    /// <summary>How many bytes at the end begin a character without ending it; 0 to 3.</summary>
    public static int Length(ReadOnlySpan<byte> bytes)
    {
        for (var length = 1; length <= Math.Min(LongestCut, bytes.Length); length++)
        {
            var lead = bytes[^length];
            if ((lead & 0xC0) == 0x80)
                continue;
            var wanted = lead switch { >= 0xF0 => 4, >= 0xE0 => 3, >= 0xC0 => 2, _ => 1 };
            return length < wanted ? length : 0;
        }

        return 0;
    }

    /// <summary>Whether more bytes can make a character of it.</summary>
    public static bool CanGoOn(ReadOnlySpan<byte> tail) =>
        tail.IsEmpty || Rune.DecodeFromUtf8(tail, out _, out _) == OperationStatus.NeedMoreData;
}
