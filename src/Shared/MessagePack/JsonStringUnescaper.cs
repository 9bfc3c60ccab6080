using System.Buffers.Text;
using System.Text;

namespace Fanout.Shared.MessagePack;

/// <summary>
/// Resolves the escapes of a JSON string. Utf8JsonReader's own CopyString throws for a lone surrogate; a publisher must not be able
/// to make a node throw for every message.
/// </summary>
internal static class JsonStringUnescaper
{
    private const int UnicodeEscapeLength = 6; // \uXXXX

    /// <summary>
    /// Resolves <paramref name="source"/>, whose escapes Utf8JsonReader found well formed, into <paramref name="destination"/>, which
    /// is at least as long (an escape never grows). False when a surrogate stands without its partner: UTF-8 has no form for it.
    /// </summary>
    public static bool TryUnescape(ReadOnlySpan<byte> source, Span<byte> destination, out int written)
    {
        written = 0;
        while (true)
        {
            var escape = source.IndexOf((byte)'\\');
            var run = escape < 0 ? source : source[..escape];
            run.CopyTo(destination[written..]);
            written += run.Length;
            if (escape < 0)
                return true;

            source = source[escape..];
            if (source[1] != 'u')
            {
                destination[written++] = Short(source[1]);
                source = source[2..];
            }
            else if (TryUnicode(source, out var rune, out var length))
            {
                written += rune.EncodeToUtf8(destination[written..]);
                source = source[length..];
            }
            else
            {
                return false;
            }
        }
    }

    private static byte Short(byte letter) => letter switch
    {
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        (byte)'n' => (byte)'\n',
        (byte)'r' => (byte)'\r',
        (byte)'t' => (byte)'\t',
        _ => letter, // quote, backslash and slash stand for themselves
    };

    private static bool TryUnicode(ReadOnlySpan<byte> source, out Rune rune, out int length)
    {
        length = UnicodeEscapeLength;
        var first = Unit(source);
        if (Rune.TryCreate(first, out rune))
            return true;

        var rest = source[UnicodeEscapeLength..];
        length = 2 * UnicodeEscapeLength;
        return rest.StartsWith("\\u"u8) && Rune.TryCreate(first, Unit(rest), out rune);
    }

    private static char Unit(ReadOnlySpan<byte> escape)
    {
        _ = Utf8Parser.TryParse(escape[2..UnicodeEscapeLength], out ushort unit, out _, 'x');
        return (char)unit;
    }
}
