using System.Buffers;
using System.Text.Json;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>What a node notes of one of its clients, as JSON: <c>{"t": time of connecting in ms, "u": user, "i": info}</c>.</summary>
internal static class ClientRecord
{
    public static RedisValue Write(ClientIdentity client)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("t"u8, client.ConnectedAt.ToUnixTimeMilliseconds());
            if (client.UserId is not null)
                writer.WriteString("u"u8, client.UserId);
            if (client.Info is { } info)
            {
                writer.WritePropertyName("i"u8);
                writer.WriteRawValue(info.Bytes.Span, skipInputValidation: true);
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenMemory.ToArray();
    }

    /// <summary>Joins a member's entry with what its node noted; a missing or broken note leaves the member without details.</summary>
    public static RoomMember Read(string nodeId, string clientId, RedisValue record)
    {
        if (record.IsNullOrEmpty)
            return new RoomMember(clientId, nodeId, null, null, null);
        try
        {
            using var json = JsonDocument.Parse((ReadOnlyMemory<byte>)record);
            var root = json.RootElement;
            return new RoomMember(
                clientId,
                nodeId,
                root.TryGetProperty("u", out var user) ? user.GetString() : null,
                root.TryGetProperty("i", out var info) ? new Payload(WireFormat.Json, System.Text.Encoding.UTF8.GetBytes(info.GetRawText())) : null,
                root.TryGetProperty("t", out var since) ? DateTimeOffset.FromUnixTimeMilliseconds(since.GetInt64()) : null);
        }
        catch (JsonException)
        {
            return new RoomMember(clientId, nodeId, null, null, null);
        }
    }
}
