using System.Text;
using System.Text.Json;
using Fanout.Shared.MessagePack;
using Fanout.Shared.Protocol;

namespace Fanout.Client.Wire;

/// <summary>One value of a node's message, in either format, not looked at yet.</summary>
internal readonly record struct WireValue(WireFormat Format, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>An envelope of its own depth around a payload of 64 levels, and a page of history around that.</summary>
    internal static readonly JsonReaderOptions Json = new() { MaxDepth = 2 * ProtocolLimits.MaxDepth };

    public bool IsAbsent => Bytes.IsEmpty;

    /// <exception cref="FormatException">It is no string.</exception>
    public string AsString()
    {
        if (Format == WireFormat.Json)
        {
            var reader = new Utf8JsonReader(Bytes.Span, Json);
            reader.Read();
            return reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw Unexpected("a string");
        }

        return new MessagePackReader(Bytes.Span).TryReadString(out var utf8) ? Encoding.UTF8.GetString(utf8) : throw Unexpected("a string");
    }

    /// <exception cref="FormatException">It is no whole number.</exception>
    public long AsInt64()
    {
        if (Format == WireFormat.Json)
        {
            var reader = new Utf8JsonReader(Bytes.Span, Json);
            reader.Read();
            return reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) ? number : throw Unexpected("a whole number");
        }

        return new MessagePackReader(Bytes.Span).TryReadInt64(out var value) ? value : throw Unexpected("a whole number");
    }

    /// <exception cref="FormatException">It is neither true nor false.</exception>
    public bool AsBoolean()
    {
        if (Format == WireFormat.Json)
        {
            var reader = new Utf8JsonReader(Bytes.Span, Json);
            reader.Read();
            return reader.TokenType is JsonTokenType.True or JsonTokenType.False ? reader.GetBoolean() : throw Unexpected("true or false");
        }

        return new MessagePackReader(Bytes.Span).TryReadBoolean(out var value) ? value : throw Unexpected("true or false");
    }

    /// <exception cref="FormatException">It is no object or map.</exception>
    public WireFields Fields() => new(this);

    /// <exception cref="FormatException">It is no array.</exception>
    public WireItems Items() => new(this);

    internal static FormatException Unexpected(string wanted) => new($"A value is not {wanted}.");
}
