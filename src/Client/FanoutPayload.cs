using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fanout.Client.Wire;
using Fanout.Shared.Envelopes;
using Fanout.Shared.MessagePack;
using Fanout.Shared.Protocol;

namespace Fanout.Client;

/// <summary>A value as it is on the wire: one JSON or one MessagePack value. Between JSON clients it travels byte for byte.</summary>
public readonly struct FanoutPayload
{
    private FanoutPayload(FanoutFormat format, ReadOnlyMemory<byte> bytes)
    {
        Format = format;
        Bytes = bytes;
    }

    /// <summary>What <see cref="Bytes"/> are.</summary>
    public FanoutFormat Format { get; }

    /// <summary>The value. Not to be changed.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>There is no value at all, which is not the same as null.</summary>
    public bool IsAbsent => Bytes.IsEmpty;

    /// <summary>JSON text.</summary>
    /// <exception cref="FanoutException"><c>bad_message</c>: it is not exactly one JSON value, or one that MessagePack clients could not get.</exception>
    public static FanoutPayload FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return FromJson(Encoding.UTF8.GetBytes(json));
    }

    /// <summary>JSON as UTF-8. The bytes are kept, not copied.</summary>
    /// <exception cref="FanoutException"><c>bad_message</c>: it is not exactly one JSON value, or one that MessagePack clients could not get.</exception>
    public static FanoutPayload FromJson(ReadOnlyMemory<byte> utf8) =>
        JsonPayload.TryCheck(utf8, out var value, out var problem) ? new FanoutPayload(FanoutFormat.Json, value) : throw Bad(problem);

    /// <summary>MessagePack. The bytes are kept, not copied.</summary>
    /// <exception cref="FanoutException"><c>bad_message</c>: it is not exactly one MessagePack value, or one that JSON clients could not get.</exception>
    public static FanoutPayload FromMessagePack(ReadOnlyMemory<byte> bytes)
    {
        if (!MessagePackValidator.TryValidate(bytes.Span, PayloadTranscoder.MaxDepth - 1, out var consumed, out var problem))
            throw Bad(problem);
        return consumed == bytes.Length ? new FanoutPayload(FanoutFormat.MessagePack, bytes) : throw Bad("more bytes follow the value");
    }

    /// <summary>A value as JSON.</summary>
    public static FanoutPayload From<T>(T value, JsonTypeInfo<T> typeInfo)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        return FromJson(JsonSerializer.SerializeToUtf8Bytes(value, typeInfo));
    }

    /// <summary>Reads the value, from either format.</summary>
    /// <exception cref="JsonException">It is no such value.</exception>
    /// <exception cref="FanoutException"><c>bad_message</c>: there is no value.</exception>
    public T? Read<T>(JsonTypeInfo<T> typeInfo)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        return JsonSerializer.Deserialize(In(FanoutFormat.Json).Bytes.Span, typeInfo);
    }

    /// <summary>The value as JSON text; empty where there is none.</summary>
    public override string ToString() => IsAbsent ? "" : Encoding.UTF8.GetString(In(FanoutFormat.Json).Bytes.Span);

    internal static FanoutPayload Of(WireValue value) => new((FanoutFormat)value.Format, value.Bytes);

    /// <summary>The same value in this format.</summary>
    /// <exception cref="FanoutException"><c>bad_message</c>: the other format cannot carry it, or there is no value.</exception>
    public FanoutPayload In(FanoutFormat format)
    {
        if (IsAbsent)
            throw Bad("there is no value");
        if (format == Format)
            return this;
        var output = new ArrayBufferWriter<byte>(Bytes.Length + 16);
        var converted = format == FanoutFormat.Json
            ? PayloadTranscoder.TryMessagePackToJson(Bytes.Span, output, out var problem)
            : PayloadTranscoder.TryJsonToMessagePack(Bytes.Span, output, out problem);
        return converted ? new FanoutPayload(format, output.WrittenMemory) : throw Bad(problem);
    }

    internal Payload ToWire() => new((WireFormat)Format, Bytes);

    /// <summary>Without a check, for what a serializer has just written.</summary>
    internal static FanoutPayload Trusted(FanoutFormat format, ReadOnlyMemory<byte> bytes) => new(format, bytes);

    private static FanoutException Bad(string? problem) => new(FanoutErrorCodes.BadMessage, $"The payload has no form on the wire: {problem}.");
}
