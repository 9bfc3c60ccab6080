using System.Text.Json;
using Fanout.Shared.Protocol;

namespace Fanout.Shared.Envelopes;

/// <summary>Decodes a client's JSON message. Unknown fields are ignored; where a name stands twice, the last one counts.</summary>
public static class JsonClientMessageReader
{
    private const int LongestDescription = 160;

    /// <summary>Reads one message from UTF-8 that is known to be valid. Never throws: what is wrong stands in <see cref="ClientMessage.Problem"/>.</summary>
    public static ClientMessage Read(ReadOnlySpan<byte> utf8)
    {
        var message = new ClientMessage { Type = "", Echo = true };
        try
        {
            Read(utf8, ref message);
        }
        catch (JsonException e)
        {
            message.Problem = $"not valid JSON: {Describe(e)}";
        }

        if (message.Problem is null && message.Type.Length == 0)
            message.Problem = "'type' is missing";
        return message;
    }

    /// <summary>Says in one line where JSON is broken; the parser's own message without its advice.</summary>
    public static string Describe(JsonException e)
    {
        var end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        var text = end < 0 ? e.Message : e.Message[..end];
        // The parser repeats what it could not read, which may be the whole message.
        if (text.Length > LongestDescription)
            text = text[..LongestDescription] + "...";
        return $"{text.TrimEnd('.')} (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1})";
    }

    private static void Read(ReadOnlySpan<byte> utf8, ref ClientMessage message)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = ProtocolLimits.MaxDepth });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            message.Problem = "a message must be one JSON object";
            reader.Skip();
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var field = FieldAt(ref reader, ref message);
            reader.Read();
            ReadField(ref reader, utf8, field, ref message);
        }

        // Anything but white space behind the object is refused by the reader.
        while (reader.Read())
        {
        }
    }

    private static ClientField FieldAt(ref Utf8JsonReader reader, ref ClientMessage message)
    {
        if (!reader.ValueIsEscaped)
            return ClientMessageFields.FieldOf(reader.ValueSpan);
        if (JsonPayload.TryGetText(ref reader, out var name))
            return ClientMessageFields.FieldOf(System.Text.Encoding.UTF8.GetBytes(name));
        message.Problem ??= "a field's name is not valid Unicode";
        return ClientField.Unknown;
    }

    private static void ReadField(ref Utf8JsonReader reader, ReadOnlySpan<byte> utf8, ClientField field, ref ClientMessage message)
    {
        switch (field)
        {
            case ClientField.Payload:
                var start = (int)reader.TokenStartIndex;
                if (JsonPayload.SkipChecked(ref reader) is { } problem)
                    message.Problem ??= problem;
                message.Payload = utf8[start..(int)reader.BytesConsumed];
                break;

            case ClientField.Echo:
                if (reader.TokenType is JsonTokenType.True or JsonTokenType.False)
                    message.Echo = reader.GetBoolean();
                else
                    WrongType(ref reader, field, "true or false", ref message);
                break;

            case ClientField.Unknown:
                reader.Skip();
                break;

            case ClientField.Type when reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped:
                message.Type = ClientMessageFields.TypeOf(reader.ValueSpan);
                break;

            default:
                if (reader.TokenType != JsonTokenType.String)
                    WrongType(ref reader, field, "a string", ref message);
                else if (!JsonPayload.TryGetText(ref reader, out var text))
                    message.Problem ??= $"'{ClientMessageFields.NameOf(field)}' is not valid Unicode";
                else if (field == ClientField.Type)
                    message.Type = ClientMessageFields.TypeOf(System.Text.Encoding.UTF8.GetBytes(text));
                else
                    ClientMessageFields.SetText(ref message, field, text);
                break;
        }
    }

    private static void WrongType(ref Utf8JsonReader reader, ClientField field, string wanted, ref ClientMessage message)
    {
        message.Problem ??= $"'{ClientMessageFields.NameOf(field)}' must be {wanted}";
        reader.Skip();
    }
}
