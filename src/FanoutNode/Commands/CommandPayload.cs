using System.Buffers;
using System.Text.Json;
using Fanout.Shared.Envelopes;
using Fanout.Shared.MessagePack;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Commands;

/// <summary>
/// Reads the options that stand in a command's payload. These are small and rare beside publishes, so a MessagePack payload is turned into
/// JSON first and there is one reader for both.
/// </summary>
internal readonly ref struct CommandPayload
{
    private readonly JsonElement _root;

    private CommandPayload(JsonElement root) => _root = root;

    /// <summary>Reads the payload of a message; no payload counts as an empty object.</summary>
    /// <exception cref="CommandException">It is not an object.</exception>
    public static CommandPayload Read(WireFormat format, in ClientMessage message)
    {
        if (message.Payload.IsEmpty)
            return default;
        var json = message.Payload;
        if (format == WireFormat.MessagePack)
        {
            var converted = new ArrayBufferWriter<byte>(message.Payload.Length * 2);
            if (!PayloadTranscoder.TryMessagePackToJson(message.Payload, converted, out var problem))
                throw new CommandException(ErrorCode.BadMessage, $"'payload': {problem}");
            json = converted.WrittenSpan;
        }

        var reader = new Utf8JsonReader(json);
        var root = JsonElement.ParseValue(ref reader);
        return root.ValueKind switch
        {
            JsonValueKind.Object => new CommandPayload(root),
            JsonValueKind.Null => default,
            _ => throw new CommandException(ErrorCode.BadMessage, "'payload' must be an object"),
        };
    }

    public bool GetBoolean(string name) => Find(name) is { } value
        && (value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(name, "true or false"));

    public string? GetText(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, "a string");

    public int? GetCount(string name, int max) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= 1 ? Math.Min(number, max)
        : throw Wrong(name, "a whole number from 1 on");

    public JsonElement? GetObject(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? value : throw Wrong(name, "an object");

    public static CommandException Wrong(string name, string wanted) => new(ErrorCode.BadMessage, $"'payload.{name}' must be {wanted}");

    private JsonElement? Find(string name) =>
        _root.ValueKind == JsonValueKind.Object && _root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}

/// <summary>A command that cannot be done as asked; answered with its code. Thrown while a command is read, never on the way of a publish.</summary>
internal sealed class CommandException(ErrorCode code, string message) : Exception(message)
{
    public ErrorCode Code { get; } = code;
}
