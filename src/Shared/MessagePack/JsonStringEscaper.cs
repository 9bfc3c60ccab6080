using System.Buffers;

namespace Fanout.Shared.MessagePack;

/// <summary>Writes valid UTF-8 as a JSON string and escapes only what RFC 8259 says must be: quote, backslash, controls.</summary>
internal static class JsonStringEscaper
{
    private const int LongestEscape = 6; // \u00XX

    private static readonly SearchValues<byte> MustEscape = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    public static void Write(ref BufferedOutput output, ReadOnlySpan<byte> utf8)
    {
        output.Write((byte)'"');
        while (true)
        {
            var index = utf8.IndexOfAny(MustEscape);
            if (index < 0)
                break;
            output.Write(utf8[..index]);
            output.Advance(Escape(output.Reserve(LongestEscape), utf8[index]));
            utf8 = utf8[(index + 1)..];
        }

        output.Write(utf8);
        output.Write((byte)'"');
    }

    private static int Escape(Span<byte> destination, byte value)
    {
        destination[0] = (byte)'\\';
        var letter = value switch
        {
            (byte)'\b' => (byte)'b',
            (byte)'\f' => (byte)'f',
            (byte)'\n' => (byte)'n',
            (byte)'\r' => (byte)'r',
            (byte)'\t' => (byte)'t',
            (byte)'"' or (byte)'\\' => value,
            _ => (byte)'u',
        };
        destination[1] = letter;
        if (letter != 'u')
            return 2;

        destination[2] = (byte)'0';
        destination[3] = (byte)'0';
        destination[4] = "0123456789abcdef"u8[value >> 4];
        destination[5] = "0123456789abcdef"u8[value & 0x0f];
        return LongestEscape;
    }
}
