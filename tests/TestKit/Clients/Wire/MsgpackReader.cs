using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;

namespace Fanout.Tests.TestKit.Clients.Wire;

/// <summary>
/// Reads values one after the other; anything that the contract does not allow on the wire is a <see cref="FormatException"/>.
/// </summary>
internal sealed class MsgpackReader(ReadOnlyMemory<byte> bytes)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public int Position { get; private set; }

    public JsonNode? Value()
    {
        var code = Next();
        return code switch
        {
            <= 0x7f => JsonValue.Create((long)code),
            <= 0x8f => Map(code & 0x0f),
            <= 0x9f => Array(code & 0x0f),
            <= 0xbf => JsonValue.Create(Text(code & 0x1f)),
            0xc0 => null,
            0xc2 => JsonValue.Create(false),
            0xc3 => JsonValue.Create(true),
            0xc4 => JsonValue.Create(Take(Next()).ToArray()),
            0xc5 => JsonValue.Create(Take(UInt16()).ToArray()),
            0xc6 => JsonValue.Create(Take(Length32()).ToArray()),
            0xca => JsonValue.Create(BinaryPrimitives.ReadSingleBigEndian(Take(4))),
            0xcb => JsonValue.Create(BinaryPrimitives.ReadDoubleBigEndian(Take(8))),
            0xcc => JsonValue.Create((long)Next()),
            0xcd => JsonValue.Create((long)UInt16()),
            0xce => JsonValue.Create((long)BinaryPrimitives.ReadUInt32BigEndian(Take(4))),
            0xcf => Unsigned(BinaryPrimitives.ReadUInt64BigEndian(Take(8))),
            0xd0 => JsonValue.Create((long)(sbyte)Next()),
            0xd1 => JsonValue.Create((long)BinaryPrimitives.ReadInt16BigEndian(Take(2))),
            0xd2 => JsonValue.Create((long)BinaryPrimitives.ReadInt32BigEndian(Take(4))),
            0xd3 => JsonValue.Create(BinaryPrimitives.ReadInt64BigEndian(Take(8))),
            0xd9 => JsonValue.Create(Text(Next())),
            0xda => JsonValue.Create(Text(UInt16())),
            0xdb => JsonValue.Create(Text(Length32())),
            0xdc => Array(UInt16()),
            0xdd => Array(Length32()),
            0xde => Map(UInt16()),
            0xdf => Map(Length32()),
            >= 0xe0 => JsonValue.Create((long)(sbyte)code),
            _ => throw new FormatException($"0x{code:x2} at {Position - 1} is an extension, or nothing at all"),
        };
    }

    public int MapHeader() =>
        Next() switch
        {
            >= 0x80 and <= 0x8f and var code => code & 0x0f,
            0xde => UInt16(),
            0xdf => Length32(),
            var other => throw new FormatException($"0x{other:x2} begins no map"),
        };

    public string Key() =>
        Next() switch
        {
            >= 0xa0 and <= 0xbf and var code => Text(code & 0x1f),
            0xd9 => Text(Next()),
            0xda => Text(UInt16()),
            0xdb => Text(Length32()),
            var other => throw new FormatException($"0x{other:x2} begins no string, where a key is due"),
        };

    private JsonObject Map(int count)
    {
        var map = new JsonObject();
        for (; count > 0; count--)
        {
            var name = Key();
            if (!map.TryAdd(name, Value()))
                throw new FormatException($"The key \"{name}\" comes twice");
        }

        return map;
    }

    private JsonArray Array(int count)
    {
        var array = new JsonArray();
        for (; count > 0; count--)
            array.Add(Value());
        return array;
    }

    private static JsonValue Unsigned(ulong value) => value <= long.MaxValue ? JsonValue.Create((long)value) : JsonValue.Create(value);

    private string Text(int length)
    {
        try
        {
            return Utf8.GetString(Take(length));
        }
        catch (DecoderFallbackException e)
        {
            throw new FormatException("A string is not UTF-8", e);
        }
    }

    private ushort UInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    private int Length32() => (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(Take(4)), int.MaxValue);

    private byte Next() => Take(1)[0];

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > bytes.Length - Position)
            throw new FormatException($"{count} bytes wanted at {Position}, {bytes.Length - Position} left");
        var taken = bytes.Span.Slice(Position, count);
        Position += count;
        return taken;
    }
}
