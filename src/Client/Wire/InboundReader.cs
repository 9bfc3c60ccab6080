using Fanout.Shared.Protocol;

namespace Fanout.Client.Wire;

/// <summary>Reads envelopes. Unknown fields are passed over, as the protocol asks.</summary>
internal static class InboundReader
{
    /// <exception cref="Exception">A <see cref="FormatException"/> or a JsonException for what is no message.</exception>
    public static Inbound Read(WireFormat format, ReadOnlyMemory<byte> bytes) => Read(new WireValue(format, bytes));

    public static Inbound Read(WireValue envelope)
    {
        var message = new Inbound();
        var fields = envelope.Fields();
        while (fields.MoveNext())
        {
            var name = fields.Name;
            var value = fields.Value;
            if (name.SequenceEqual("type"u8))
                message.Type = Known(value);
            else if (name.SequenceEqual("id"u8))
                message.Id = value.AsString();
            else if (name.SequenceEqual("room"u8))
                message.Room = value.AsString();
            else if (name.SequenceEqual("offset"u8))
                message.Offset = value.AsInt64();
            else if (name.SequenceEqual("timestamp"u8))
                message.Timestamp = value.AsInt64();
            else if (name.SequenceEqual("from"u8))
                message.From = ReadSender(value);
            else if (name.SequenceEqual("payload"u8))
                message.Payload = value;
        }

        return message;
    }

    private static FanoutSender ReadSender(WireValue from)
    {
        string clientId = "";
        string? userId = null;
        var fields = from.Fields();
        while (fields.MoveNext())
        {
            if (fields.Name.SequenceEqual("clientId"u8))
                clientId = fields.Value.AsString();
            else if (fields.Name.SequenceEqual("userId"u8))
                userId = fields.Value.AsString();
        }

        return new FanoutSender(clientId, userId);
    }

    /// <summary>Most of what comes is messages: no string for each.</summary>
    private static string Known(WireValue type)
    {
        var text = type.Bytes.Span;
        // Quotes in JSON, a header byte in MessagePack.
        var inner = type.Format == WireFormat.Json && text.Length > 1 ? text[1..^1] : text.Length > 0 ? text[1..] : text;
        return inner.SequenceEqual("message"u8) ? MessageTypes.Message : type.AsString();
    }
}
