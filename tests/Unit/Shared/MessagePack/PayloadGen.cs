using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CsCheck;

namespace Fanout.Tests.Unit.Shared.MessagePack;

/// <summary>Random payloads: JSON texts, MessagePack values, and MessagePack values that were damaged.</summary>
internal static class PayloadGen
{
    private const int Depth = 4;

    private static readonly JsonSerializerOptions Relaxed = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.String.AlphaNumeric,
        Gen.String[Gen.Char['\0', 'ÿ'], 0, 40],
        Gen.OneOf("", "a", "b", "é😀", "\"\\/\b\f\n\r\t\0", "\u2028\uffff", new string('x', 300)));

    private static readonly Gen<string> Number = Gen.OneOf(
        Gen.Long.Select(n => n.ToString(CultureInfo.InvariantCulture)),
        Gen.ULong.Select(n => n.ToString(CultureInfo.InvariantCulture)),
        Gen.Int[-300, 300].Select(n => n.ToString(CultureInfo.InvariantCulture)),
        Gen.Double.Where(double.IsFinite).Select(n => n.ToString("R", CultureInfo.InvariantCulture)),
        Gen.OneOf("0", "-0", "-0.0", "1.0", "1e3", "1E-7", "18446744073709551616", "123456789012345678901234567890.5e-3"));

    /// <summary>A JSON text; strings come with the escapes of System.Text.Json, or with hardly any.</summary>
    public static readonly Gen<string> Json = Gen.Recursive<string>((depth, inner) =>
    {
        var scalar = Gen.OneOf(Gen.OneOf("null", "true", "false"), Number, Text.SelectMany(Quoted));
        return depth >= Depth
            ? scalar
            : Gen.OneOf(
                scalar,
                inner.Array[0, Widest(depth)].Select(items => "[" + string.Join(" , ", items) + "]"),
                Gen.Select(Text.SelectMany(Quoted), inner, (key, value) => key + " : " + value).Array[0, Widest(depth)]
                    .Select(pairs => "{" + string.Join(',', pairs) + "}"));
    });

    /// <summary>A MessagePack value that Fanout takes, its headers not always the shortest.</summary>
    public static readonly Gen<byte[]> MessagePack = Gen.Recursive<byte[]>((depth, inner) =>
    {
        var text = Text.Select(t => Sized(Encoding.UTF8.GetBytes(t), 0xd9, 0xda, 0xdb));
        var scalar = Gen.OneOf(
            Gen.OneOf([0xc0], [0xc2], (byte[])[0xc3]),
            Gen.Byte.Where(b => b is <= 0x7f or >= 0xe0).Select(b => (byte[])[b]),
            Gen.Select(Gen.OneOf(0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd1, 0xd2, 0xd3), Gen.Byte.Array[8], (format, body)
                => (byte[])[(byte)format, .. body[..(1 << ((format - 0xcc) & 3))]]),
            Gen.Double.Where(double.IsFinite).Select(n => (byte[])[0xcb, .. BitConverter.GetBytes(n).Reverse()]),
            Gen.Float.Where(float.IsFinite).Select(n => (byte[])[0xca, .. BitConverter.GetBytes(n).Reverse()]),
            Gen.Byte.Array[0, 300].Select(b => Sized(b, 0xc4, 0xc5, 0xc6)),
            text);
        return depth >= Depth
            ? scalar
            : Gen.OneOf(
                scalar,
                inner.Array[0, Widest(depth)].Select(items => (byte[])[0xdc, 0, (byte)items.Length, .. items.SelectMany(i => i)]),
                inner.Array[0, Math.Min(Widest(depth), 15)]
                    .Select(items => (byte[])[(byte)(0x90 + items.Length), .. items.SelectMany(i => i)]),
                Gen.Select(text, inner, (key, value) => (byte[])[.. key, .. value]).Array[0, Math.Min(Widest(depth), 15)]
                    .Select(pairs => (byte[])[(byte)(0x80 + pairs.Length), .. pairs.SelectMany(p => p)]));
    });

    /// <summary>Mostly bad bytes, of which many begin well: noise, and good values with a few bytes changed or the end cut off.</summary>
    public static readonly Gen<byte[]> Noise = Gen.OneOf(
        Gen.Byte.Array[0, 40],
        Gen.Byte[0x80, 0xff].Array[0, 40],
        Gen.Select(MessagePack, Gen.Select(Gen.UInt, Gen.Byte).Array[0, 3], Gen.UInt, Damaged));

    /// <summary>Wide (past the fix formats) only at the top, or a value would grow to megabytes.</summary>
    private static int Widest(int depth) => depth == 0 ? 20 : 4;

    private static byte[] Damaged(byte[] value, (uint At, byte Value)[] changes, uint cut)
    {
        var bytes = value.ToArray();
        foreach (var (at, changed) in changes)
            bytes[at % bytes.Length] = changed;
        return cut % 2 == 0 ? bytes : bytes[..(int)(cut % (uint)(bytes.Length + 1))];
    }

    private static byte[] Sized(byte[] body, byte format8, byte format16, byte format32) => (body.Length % 3) switch
    {
        0 when body.Length <= byte.MaxValue => [format8, (byte)body.Length, .. body],
        1 => [format16, (byte)(body.Length >> 8), (byte)body.Length, .. body],
        _ => [format32, 0, 0, (byte)(body.Length >> 8), (byte)body.Length, .. body],
    };

    private static Gen<string> Quoted(string text) => Gen.Bool.Select(relaxed => relaxed
        ? JsonSerializer.Serialize(text, Relaxed)
        : JsonSerializer.Serialize(text));
}
