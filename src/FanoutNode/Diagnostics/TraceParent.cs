using System.Buffers.Text;
using System.Diagnostics;
using System.Text;

namespace Fanout.Node.Diagnostics;

/// <summary>Reads a <c>traceparent</c> (W3C Trace Context, level 1) that a client sent with a message.</summary>
internal static class TraceParent
{
    private const int Length = 55;
    private const int FlagsAt = 53;

    /// <summary>
    /// The publisher's context. Null where it said nothing, or nothing that can be read: then it is as if the field were not there. An
    /// unsampled one is the default value, which allocates nothing: all that counts is that the answer is no.
    /// </summary>
    public static ActivityContext? Read(ReadOnlySpan<byte> text) =>
        TryReadFlags(text, out var flags) ? (flags & 1) == 0 ? default(ActivityContext) : Parse(text) : null;

    /// <summary>The client's context, with its ids also where it is unsampled: somebody else is to join it. Null as above.</summary>
    public static ActivityContext? ReadWhole(ReadOnlySpan<byte> text) => TryReadFlags(text, out _) ? Parse(text) : null;

    private static bool TryReadFlags(ReadOnlySpan<byte> text, out byte flags)
    {
        flags = 0;
        // A later version may be longer; what stands in these places stays (section 3.2.2).
        if (text.Length < Length || (text.Length > Length && text[Length] != (byte)'-') || text[2] != (byte)'-' || text[35] != (byte)'-' || text[52] != (byte)'-')
            return false;
        return Utf8Parser.TryParse(text.Slice(FlagsAt, 2), out flags, out var read, 'x') && read == 2;
    }

    private static ActivityContext? Parse(ReadOnlySpan<byte> text) =>
        ActivityContext.TryParse(Encoding.ASCII.GetString(text[..Length]), null, isRemote: true, out var context) ? context : null;
}
