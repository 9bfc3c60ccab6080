using System.Buffers.Binary;
using System.Text;

namespace Fanout.Tests.Unit.Shared.MessagePack;

/// <summary>
/// A second reading of the specification, as plain as can be: recursive, throwing, allocating, sharing no code with the product. The
/// property tests hold the validator against it.
/// </summary>
internal sealed class NaiveMessagePack(byte[] bytes)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private int _at;

    /// <summary>The length of the value at the start if Fanout takes it as a payload, else null.</summary>
    public static int? LengthOfValid(byte[] bytes, int maxDepth)
    {
        var naive = new NaiveMessagePack(bytes);
        try
        {
            naive.Value(maxDepth);
            return naive._at;
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return null;
        }
    }

    private void Value(int depthLeft)
    {
        var format = Take(1)[0];
        switch (format)
        {
            case <= 0x7f or >= 0xe0 or 0xc0 or 0xc2 or 0xc3: break;
            case >= 0x80 and <= 0x8f: Map(format - 0x80, depthLeft); break;
            case >= 0x90 and <= 0x9f: Array(format - 0x90, depthLeft); break;
            case >= 0xa0 and <= 0xbf: Text(format - 0xa0); break;
            case 0xc4: Take(Size(1)); break;
            case 0xc5: Take(Size(2)); break;
            case 0xc6: Take(Size(4)); break;
            case 0xca: Require(float.IsFinite(BinaryPrimitives.ReadSingleBigEndian(Take(4)))); break;
            case 0xcb: Require(double.IsFinite(BinaryPrimitives.ReadDoubleBigEndian(Take(8)))); break;
            case 0xcc or 0xd0: Take(1); break;
            case 0xcd or 0xd1: Take(2); break;
            case 0xce or 0xd2: Take(4); break;
            case 0xcf or 0xd3: Take(8); break;
            case 0xd9: Text(Size(1)); break;
            case 0xda: Text(Size(2)); break;
            case 0xdb: Text(Size(4)); break;
            case 0xdc: Array(Size(2), depthLeft); break;
            case 0xdd: Array(Size(4), depthLeft); break;
            case 0xde: Map(Size(2), depthLeft); break;
            case 0xdf: Map(Size(4), depthLeft); break;
            default: throw new FormatException("0xc1 or an extension");
        }
    }

    private void Array(long count, int depthLeft)
    {
        Require(depthLeft > 0);
        for (; count > 0; count--)
            Value(depthLeft - 1);
    }

    private void Map(long count, int depthLeft)
    {
        Require(depthLeft > 0);
        for (; count > 0; count--)
        {
            Require(_at < bytes.Length && bytes[_at] is (>= 0xa0 and <= 0xbf) or 0xd9 or 0xda or 0xdb);
            Value(0);
            Value(depthLeft - 1);
        }
    }

    private void Text(long length) => Strict.GetString(Take(length));

    private long Size(int width) => Take(width).Aggregate(0L, (size, next) => (size << 8) | next);

    private byte[] Take(long count)
    {
        Require(count <= bytes.Length - _at);
        _at += (int)count;
        return bytes[(_at - (int)count).._at];
    }

    private static void Require(bool condition)
    {
        if (!condition)
            throw new FormatException();
    }
}
