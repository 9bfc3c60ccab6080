using System.Buffers;
using System.Text.Json;
using Fanout.Client;
using Fanout.Publisher.Batching;

namespace Fanout.Publisher.Http;

/// <summary>The form of a batch and of its results.</summary>
internal static class BatchBody
{
    public static byte[] Write(List<QueuedPush> batch)
    {
        var buffer = new ArrayBufferWriter<byte>(batch.Sum(push => push.Payload.Length + 128));
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartArray();
            foreach (var push in batch)
            {
                writer.WriteStartObject();
                writer.WriteString(push.Kind, push.Name);
                writer.WriteString("key"u8, push.Key);
                if (push.Exclude is not null)
                    writer.WriteString("exclude"u8, push.Exclude);
                writer.WritePropertyName("payload"u8);
                // Checked when the payload was made.
                writer.WriteRawValue(push.Payload.Span, skipInputValidation: true);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>What became of one message, or null and why not. What cannot be read is its own message's trouble, and no other's.</summary>
    public static FanoutPushed? ReadResult(JsonElement result, out FanoutException? error)
    {
        error = null;
        try
        {
            if (result.ValueKind == JsonValueKind.Object && result.TryGetProperty("id", out var id))
            {
                return new FanoutPushed(
                    id.GetString() ?? "",
                    result.TryGetProperty("offset", out var offset) && offset.ValueKind == JsonValueKind.Number ? offset.GetInt64() : null,
                    result.TryGetProperty("epoch", out var epoch) ? epoch.GetString() : null,
                    result.TryGetProperty("nodes", out var nodes) ? nodes.GetInt32() : 0,
                    result.TryGetProperty("online", out var online) ? online.GetBoolean() : null);
            }

            error = Problem.Read(result, status: null, retryAfter: null);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            error = new FanoutException(FanoutErrorCodes.BadMessage, "The result of a message could not be read: it may have happened.", e);
        }

        return null;
    }
}
