using System.Text.Json;

namespace Fanout.Node.Sse;

/// <summary>What a stream must know of a message that is encoded already: the fields before the payload, and for the node's own messages some in it.</summary>
internal ref struct MessageHead
{
    public ReadOnlySpan<byte> Type;
    public ReadOnlySpan<byte> Room;
    public long? Offset;
    public ReadOnlySpan<byte> Epoch;
    public bool IsRetryable;

    /// <summary>Reads as far as it must; somebody's payload is not looked at.</summary>
    /// <param name="json">Written by this node, so that it is well-formed, and without escapes in what is read here.</param>
    public static MessageHead Read(ReadOnlySpan<byte> json)
    {
        var head = default(MessageHead);
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
                head.Type = Text(ref reader);
            else if (reader.ValueTextEquals("room"u8))
                head.Room = Text(ref reader);
            else if (reader.ValueTextEquals("offset"u8))
                head.Offset = Number(ref reader);
            else if (reader.ValueTextEquals("payload"u8))
                return head.Type.SequenceEqual("message"u8) ? head : ReadPayload(ref reader, head);
            else
                reader.Skip();
        }

        return head;
    }

    private static MessageHead ReadPayload(scoped ref Utf8JsonReader reader, MessageHead head)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            return head;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("epoch"u8))
                head.Epoch = Text(ref reader);
            else if (reader.ValueTextEquals("offset"u8))
                head.Offset = Number(ref reader);
            else if (reader.ValueTextEquals("retryable"u8))
                head.IsRetryable = reader.Read() && reader.TokenType == JsonTokenType.True;
            else
                reader.Skip();
        }

        return head;
    }

    private static ReadOnlySpan<byte> Text(scoped ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.ValueSpan;
    }

    private static long Number(scoped ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetInt64();
    }
}
