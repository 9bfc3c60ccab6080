using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fanout.Tests.TestKit.Clients.Wire;

/// <summary>Writes the shortest form of each value.</summary>
internal sealed class MsgpackWriter
{
    private readonly ArrayBufferWriter<byte> _out = new();

    public byte[] ToArray() => _out.WrittenSpan.ToArray();

    public void Value(JsonNode? node)
    {
        switch (node)
        {
            case null:
                Byte(0xc0);
                break;
            case JsonObject map:
                Header(map.Count, 0x80, 15, null, 0xde, 0xdf);
                foreach (var (name, value) in map)
                {
                    String(name);
                    Value(value);
                }

                break;
            case JsonArray array:
                Header(array.Count, 0x90, 15, null, 0xdc, 0xdd);
                foreach (var item in array)
                    Value(item);
                break;
            default:
                Scalar((JsonValue)node);
                break;
        }
    }

    private void Scalar(JsonValue value)
    {
        // The types that a node can hold beside parsed JSON; a parsed number would answer to several of them, so it comes first.
        if (value.TryGetValue(out JsonElement element))
            Element(element);
        else if (value.TryGetValue(out MsgpackRaw? raw))
            _out.Write(raw.Bytes);
        else if (value.TryGetValue(out byte[]? binary))
            Binary(binary);
        else if (value.TryGetValue(out double number))
            Double(number);
        else if (value.TryGetValue(out float single))
            Float(single);
        else
            Element(JsonElement.Parse(value.ToJsonString()));
    }

    private void Element(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Null:
                Byte(0xc0);
                break;
            case JsonValueKind.True or JsonValueKind.False:
                Byte(element.GetBoolean() ? (byte)0xc3 : (byte)0xc2);
                break;
            case JsonValueKind.String:
                String(element.GetString()!);
                break;
            case JsonValueKind.Number when element.TryGetInt64(out var signed):
                Integer(signed);
                break;
            case JsonValueKind.Number when element.TryGetUInt64(out var unsigned):
                Byte(0xcf);
                BinaryPrimitives.WriteUInt64BigEndian(Space(8), unsigned);
                break;
            case JsonValueKind.Number:
                Double(element.GetDouble());
                break;
            default:
                Value(JsonNode.Parse(element.GetRawText()));
                break;
        }
    }

    private void Integer(long value)
    {
        switch (value)
        {
            case >= -32 and <= 127:
                Byte((byte)value);
                break;
            case >= 0 and <= byte.MaxValue:
                Byte(0xcc);
                Byte((byte)value);
                break;
            case >= 0 and <= ushort.MaxValue:
                Byte(0xcd);
                BinaryPrimitives.WriteUInt16BigEndian(Space(2), (ushort)value);
                break;
            case >= 0 and <= uint.MaxValue:
                Byte(0xce);
                BinaryPrimitives.WriteUInt32BigEndian(Space(4), (uint)value);
                break;
            case >= sbyte.MinValue and < 0:
                Byte(0xd0);
                Byte((byte)value);
                break;
            case >= short.MinValue and < 0:
                Byte(0xd1);
                BinaryPrimitives.WriteInt16BigEndian(Space(2), (short)value);
                break;
            case >= int.MinValue and < 0:
                Byte(0xd2);
                BinaryPrimitives.WriteInt32BigEndian(Space(4), (int)value);
                break;
            default:
                Byte(value < 0 ? (byte)0xd3 : (byte)0xcf);
                BinaryPrimitives.WriteInt64BigEndian(Space(8), value);
                break;
        }
    }

    private void Double(double value)
    {
        Byte(0xcb);
        BinaryPrimitives.WriteDoubleBigEndian(Space(8), value);
    }

    private void Float(float value)
    {
        Byte(0xca);
        BinaryPrimitives.WriteSingleBigEndian(Space(4), value);
    }

    private void String(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Header(bytes.Length, 0xa0, 31, 0xd9, 0xda, 0xdb);
        _out.Write(bytes);
    }

    private void Binary(byte[] bytes)
    {
        Header(bytes.Length, 0, -1, 0xc4, 0xc5, 0xc6);
        _out.Write(bytes);
    }

    private void Header(int count, byte tiny, int tinyMax, byte? in8, byte in16, byte in32)
    {
        if (count <= tinyMax)
        {
            Byte((byte)(tiny | count));
        }
        else if (in8 is { } code && count <= byte.MaxValue)
        {
            Byte(code);
            Byte((byte)count);
        }
        else if (count <= ushort.MaxValue)
        {
            Byte(in16);
            BinaryPrimitives.WriteUInt16BigEndian(Space(2), (ushort)count);
        }
        else
        {
            Byte(in32);
            BinaryPrimitives.WriteUInt32BigEndian(Space(4), (uint)count);
        }
    }

    private void Byte(byte value) => Space(1)[0] = value;

    private Span<byte> Space(int count)
    {
        var space = _out.GetSpan(count)[..count];
        _out.Advance(count);
        return space;
    }
}
