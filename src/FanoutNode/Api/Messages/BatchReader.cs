using System.Text.Json;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Api.Messages;

/// <summary>
/// Reads the body of a batch: <c>[{room or user, payload, key?, exclude?}]</c>. What is no JSON refuses the whole; what is wrong with one item
/// is that item's problem.
/// </summary>
internal static class BatchReader
{
    public const int MostItems = 1000;

    // Deep enough that an item which nests too deep is told so by itself; beyond it the whole is refused.
    private const int MaxDepth = 1024;

    /// <returns>Why nothing of it is published; null where the items say for themselves.</returns>
    public static ApiProblem? Read(ReadOnlyMemory<byte> body, int maxPayload, List<BatchItem> items)
    {
        try
        {
            var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = MaxDepth });
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartArray)
                return ApiProblem.BadRequest("The body must be an array of messages.");
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (items.Count == MostItems)
                    return ApiProblem.TooLarge($"A batch may have {MostItems} messages.");
                items.Add(ReadItem(ref reader, body, maxPayload));
            }

            reader.Read(); // Nothing may follow; what does throws.
            return items.Count == 0 ? ApiProblem.BadRequest("The batch is empty; it must have 1 message at least.") : null;
        }
        catch (JsonException e)
        {
            return ApiProblem.BadRequest($"The body is refused: {JsonPayload.Describe(e)}.");
        }
    }

    private static BatchItem ReadItem(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, int maxPayload)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return Refused("A message of a batch must be an object.");
        }

        var fields = default(Fields);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            ReadField(ref reader, body, ref fields);
        return fields.Problem is { } problem ? Refused(problem) : Check(fields, maxPayload);
    }

    // Reads on behind a problem: the items that follow are as good as they are.
    private static void ReadField(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, ref Fields fields)
    {
        var field = FieldOf(ref reader);
        if (field == Field.None)
        {
            fields.Problem ??= JsonPayload.TryReadText(ref reader, out var name) ? $"The field '{name}' is not known." : "A field is not known.";
            reader.Read();
            reader.Skip();
            return;
        }

        if ((fields.Seen & field) != 0)
            fields.Problem ??= "A field stands twice.";
        fields.Seen |= field;
        reader.Read();
        if (field == Field.Payload)
        {
            if (!JsonPayload.TryTake(ref reader, body, out fields.Payload, out var problem))
                fields.Problem ??= $"'payload' is refused: {problem}.";
            return;
        }

        // What a caller has nothing for, many of them write as null.
        if (reader.TokenType == JsonTokenType.Null)
        {
            fields.Seen &= ~field;
            return;
        }

        var text = "";
        if (reader.TokenType != JsonTokenType.String || !JsonPayload.TryReadText(ref reader, out text))
            fields.Problem ??= "'room', 'user', 'key' and 'exclude' must be strings in valid Unicode.";
        reader.Skip();
        switch (field)
        {
            case Field.Room: fields.Room = text; break;
            case Field.User: fields.User = text; break;
            case Field.Key: fields.Key = text; break;
            default: fields.Exclude = text; break;
        }
    }

    private static Field FieldOf(ref Utf8JsonReader reader)
    {
        // Comparing a name with an escape that stands for nothing would throw.
        if (reader.ValueIsEscaped && !JsonPayload.TryReadText(ref reader, out _))
            return Field.None;
        return reader.ValueTextEquals("room"u8) ? Field.Room
            : reader.ValueTextEquals("user"u8) ? Field.User
            : reader.ValueTextEquals("payload"u8) ? Field.Payload
            : reader.ValueTextEquals("key"u8) ? Field.Key
            : reader.ValueTextEquals("exclude"u8) ? Field.Exclude
            : Field.None;
    }

    private static BatchItem Check(in Fields fields, int maxPayload)
    {
        if ((fields.Room is null) == (fields.User is null))
            return Refused("A message must have either 'room' or 'user'.");
        if ((fields.Seen & Field.Payload) == 0)
            return Refused("'payload' is missing.");
        if (maxPayload > 0 && fields.Payload.Length > maxPayload)
            return BatchItem.Refused(ApiProblem.PayloadTooLarge(maxPayload));
        if (!PublishHeaders.IsKey(fields.Key))
            return Refused($"'key' must have 1 to {ProtocolLimits.MaxKeyLength} characters, none of them a control character.");
        if (!PublishHeaders.IsExclude(fields.Exclude))
            return Refused("'exclude' must be a client id.");

        var room = fields.Room ?? UserRoom.TryNameFor(fields.User!);
        if (room is null)
            return Refused("There can be no user of that name: it is empty or too long.");
        return PublishTarget.Problem(room) is { } problem
            ? BatchItem.Refused(problem)
            : new BatchItem(room, fields.User is not null, fields.Payload, new PublishHeaders(fields.Key, fields.Exclude), null);
    }

    private static BatchItem Refused(string detail) => BatchItem.Refused(ApiProblem.BadRequest(detail));

    [Flags]
    private enum Field
    {
        None = 0,
        Room = 1,
        User = 2,
        Payload = 4,
        Key = 8,
        Exclude = 16,
    }

    private struct Fields
    {
        public Field Seen;
        public string? Room;
        public string? User;
        public string? Key;
        public string? Exclude;
        public ReadOnlyMemory<byte> Payload;
        public string? Problem;
    }
}
