using System.Buffers;
using System.Text.Json;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Backplane;

/// <summary>What members of a presence room are told of one who comes or goes, as JSON between nodes.</summary>
internal static class PresenceNotice
{
    public static byte[] Write(string clientId, string? userId, Payload? info)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("clientId"u8, clientId);
            if (userId is not null)
                writer.WriteString("userId"u8, userId);
            if (info is { } value)
            {
                writer.WritePropertyName("info"u8);
                writer.WriteRawValue(value.Bytes.Span, skipInputValidation: true);
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="Write"/> made; null for anything else.</summary>
    public static Member? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            var root = JsonElement.ParseValue(ref reader);
            return root.GetProperty("clientId").GetString() is not { } client ? null : new Member(
                client,
                root.TryGetProperty("userId", out var user) ? user.GetString() : null,
                root.TryGetProperty("info", out var info) ? new Payload(WireFormat.Json, System.Text.Encoding.UTF8.GetBytes(info.GetRawText())) : null);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
