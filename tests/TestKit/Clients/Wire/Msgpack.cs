using System.Text.Json.Nodes;

namespace Fanout.Tests.TestKit.Clients.Wire;

/// <summary>
/// A small strict MessagePack codec for <see cref="JsonNode"/>. Integers are long (ulong above its range), floats are double (float32:
/// float), binary is byte[]: ask a JsonValue with TryGetValue for exactly that type.
/// </summary>
public static class Msgpack
{
    public static byte[] Encode(JsonNode? node)
    {
        var writer = new MsgpackWriter();
        writer.Value(node);
        return writer.ToArray();
    }

    /// <exception cref="FormatException">The bytes are not exactly one value, or hold an extension, a key that is no string, or bad
    /// UTF-8.</exception>
    public static JsonNode? Decode(ReadOnlyMemory<byte> bytes)
    {
        var reader = new MsgpackReader(bytes);
        var value = reader.Value();
        if (reader.Position != bytes.Length)
            throw new FormatException($"{bytes.Length - reader.Position} bytes follow the MessagePack value");
        return value;
    }

    /// <summary>A node that is written as the binary type.</summary>
    public static JsonNode Binary(byte[] bytes) => JsonValue.Create(bytes)!;

    /// <summary>A node that is written as exactly these bytes: for NaN, extensions and other forms that no client should send.</summary>
    public static JsonNode Raw(params byte[] bytes) => JsonValue.Create(new MsgpackRaw(bytes))!;
}
