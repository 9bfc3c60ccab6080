using Fanout.Shared.Codecs;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;

namespace Fanout.Client.Wire;

/// <summary>Writes the client's messages (docs/protocol.md, section 4).</summary>
internal static class Frames
{
    public static byte[] Ping(WireFormat format)
    {
        var buffer = EnvelopeBuffer.Rent();
        var writer = new EnvelopeWriter(format, buffer);
        var envelope = Begin(ref writer, MessageTypes.Ping, null, null);
        return End(ref writer, envelope, buffer);
    }

    public static byte[] Join(WireFormat format, string id, string room, FanoutPosition? since, int? last, bool presence)
    {
        var buffer = EnvelopeBuffer.Rent();
        var writer = new EnvelopeWriter(format, buffer);
        var envelope = Begin(ref writer, MessageTypes.Join, id, room);
        writer.Name("payload"u8);
        var payload = writer.BeginMap();
        if (since is { } position)
        {
            Position(ref writer, position);
        }
        else if (last is { } count)
        {
            writer.Name("since"u8);
            var map = writer.BeginMap();
            writer.Field("last"u8, count);
            writer.EndMap(map);
        }

        if (presence)
            writer.Field("presence"u8, true);
        writer.EndMap(payload);
        return End(ref writer, envelope, buffer);
    }

    public static byte[] Leave(WireFormat format, string id, string room)
    {
        var buffer = EnvelopeBuffer.Rent();
        var writer = new EnvelopeWriter(format, buffer);
        var envelope = Begin(ref writer, MessageTypes.Leave, id, room);
        return End(ref writer, envelope, buffer);
    }

    public static byte[] Publish(WireFormat format, string id, string room, string key, bool echo, string? traceparent, in Payload payload)
    {
        var buffer = EnvelopeBuffer.Rent();
        var writer = new EnvelopeWriter(format, buffer);
        var envelope = Begin(ref writer, MessageTypes.Publish, id, room);
        writer.Field("key"u8, key);
        if (!echo)
            writer.Field("echo"u8, false);
        writer.FieldIfAny("traceparent"u8, traceparent);
        writer.Name("payload"u8);
        writer.Value(payload);
        return End(ref writer, envelope, buffer);
    }

    public static byte[] Request(WireFormat format, string id, string method, string? traceparent, in Payload payload)
    {
        var buffer = EnvelopeBuffer.Rent();
        var writer = new EnvelopeWriter(format, buffer);
        var envelope = Begin(ref writer, MessageTypes.Request, id, null);
        writer.Field("method"u8, method);
        writer.FieldIfAny("traceparent"u8, traceparent);
        writer.Name("payload"u8);
        writer.Value(payload);
        return End(ref writer, envelope, buffer);
    }

    public static byte[] Presence(WireFormat format, string id, string room, bool countOnly, string? after, int? limit)
    {
        var buffer = EnvelopeBuffer.Rent();
        var writer = new EnvelopeWriter(format, buffer);
        var envelope = Begin(ref writer, MessageTypes.Presence, id, room);
        writer.Name("payload"u8);
        var payload = writer.BeginMap();
        if (countOnly)
            writer.Field("count"u8, true);
        writer.FieldIfAny("after"u8, after);
        writer.FieldIfAny("limit"u8, limit);
        writer.EndMap(payload);
        return End(ref writer, envelope, buffer);
    }

    public static byte[] History(WireFormat format, string id, string room, FanoutPosition? since, int? limit)
    {
        var buffer = EnvelopeBuffer.Rent();
        var writer = new EnvelopeWriter(format, buffer);
        var envelope = Begin(ref writer, MessageTypes.History, id, room);
        writer.Name("payload"u8);
        var payload = writer.BeginMap();
        if (since is { } position)
            Position(ref writer, position);
        writer.FieldIfAny("limit"u8, limit);
        writer.EndMap(payload);
        return End(ref writer, envelope, buffer);
    }

    public static byte[] Refresh(WireFormat format, string id, string token)
    {
        var buffer = EnvelopeBuffer.Rent();
        var writer = new EnvelopeWriter(format, buffer);
        var envelope = Begin(ref writer, MessageTypes.Refresh, id, null);
        writer.Name("payload"u8);
        var payload = writer.BeginMap();
        writer.Field("token"u8, token);
        writer.EndMap(payload);
        return End(ref writer, envelope, buffer);
    }

    private static EnvelopeWriter.Scope Begin(ref EnvelopeWriter writer, string type, string? id, string? room)
    {
        var envelope = writer.BeginMap();
        writer.Field("type"u8, type);
        writer.FieldIfAny("id"u8, id);
        writer.FieldIfAny("room"u8, room);
        return envelope;
    }

    private static byte[] End(ref EnvelopeWriter writer, EnvelopeWriter.Scope envelope, EnvelopeBuffer buffer)
    {
        writer.EndMap(envelope);
        var frame = buffer.ToArray(0);
        EnvelopeBuffer.Return(buffer);
        return frame;
    }

    private static void Position(ref EnvelopeWriter writer, FanoutPosition position)
    {
        writer.Name("since"u8);
        var since = writer.BeginMap();
        writer.Field("epoch"u8, position.Epoch);
        writer.Field("offset"u8, position.Offset);
        writer.EndMap(since);
    }
}
