using Fanout.Shared.Codecs;
using Fanout.Shared.Protocol;

namespace Fanout.Shared.Envelopes;

/// <summary>The first message on every socket.</summary>
/// <param name="Node">The node's name, for people; not an address.</param>
/// <param name="ExpiresAt">When the token ends, in Unix milliseconds.</param>
/// <param name="HeartbeatInterval">The node pings this often.</param>
/// <param name="HeartbeatTimeout">Either side may give up after this much silence.</param>
/// <param name="BackplaneState"><c>healthy</c> or <c>degraded</c>.</param>
/// <param name="Rooms">Rooms that will be joined without being asked for one by one; a <c>joined</c> or an <c>error</c> follows for each.</param>
public readonly record struct ConnectedMessage(
    string ClientId,
    string? UserId,
    string Node,
    long? ExpiresAt,
    TimeSpan HeartbeatInterval,
    TimeSpan HeartbeatTimeout,
    ClientLimits Limits,
    string BackplaneState,
    IReadOnlyCollection<string> Rooms) : IServerMessage
{
    public void Write(ref EnvelopeWriter writer)
    {
        var map = writer.BeginAnswer(MessageTypes.Connected, null, null);
        var payload = writer.BeginPayload();
        writer.Field("clientId"u8, ClientId);
        writer.FieldIfAny("userId"u8, UserId);
        writer.Field("node"u8, Node);
        writer.FieldIfAny("expiresAt"u8, ExpiresAt);

        writer.Name("heartbeat"u8);
        var heartbeat = writer.BeginMap();
        writer.Field("intervalMs"u8, (long)HeartbeatInterval.TotalMilliseconds);
        writer.Field("timeoutMs"u8, (long)HeartbeatTimeout.TotalMilliseconds);
        writer.EndMap(heartbeat);

        writer.Name("limits"u8);
        var limits = writer.BeginMap();
        writer.Field("maxMessageBytes"u8, Limits.MaxMessageBytes);
        writer.Field("messagesPerSecond"u8, Limits.MessagesPerSecond);
        writer.Field("maxRooms"u8, Limits.MaxRooms);
        writer.EndMap(limits);

        writer.Field("backplane"u8, BackplaneState);
        writer.Names("rooms"u8, Rooms);
        writer.EndMap(payload);
        writer.EndMap(map);
    }
}

/// <summary>Limits that a client should know; 0 means that there is none.</summary>
public readonly record struct ClientLimits(long MaxMessageBytes, long MessagesPerSecond, long MaxRooms);

/// <summary>A message of a room: the same fields live, in replay and in history.</summary>
/// <param name="Timestamp">Unix milliseconds, set by the service.</param>
/// <param name="From">Absent for a message that came by HTTP.</param>
public readonly record struct RoomMessageEnvelope(
    string Room, string Id, long? Offset, long Timestamp, Sender? From, Payload Payload) : IServerMessage
{
    public void Write(ref EnvelopeWriter writer)
    {
        var map = writer.BeginMap();
        writer.Field("type"u8, MessageTypes.Message);
        writer.Field("room"u8, Room);
        writer.Field("id"u8, Id);
        writer.FieldIfAny("offset"u8, Offset);
        writer.Field("timestamp"u8, Timestamp);
        if (From is not null)
        {
            writer.Name("from"u8);
            var from = writer.BeginMap();
            writer.Field("clientId"u8, From.ClientId);
            writer.FieldIfAny("userId"u8, From.UserId);
            writer.EndMap(from);
        }

        writer.Name("payload"u8);
        writer.Value(Payload);
        writer.EndMap(map);
    }
}

/// <summary>The node put the client out of a room: the grant is gone, or an operator said so.</summary>
public readonly record struct RemovedMessage(string Room, string Reason) : IServerMessage
{
    public void Write(ref EnvelopeWriter writer)
    {
        var map = writer.BeginAnswer(MessageTypes.Left, null, Room);
        var payload = writer.BeginPayload();
        writer.Field("reason"u8, Reason);
        writer.EndMap(payload);
        writer.EndMap(map);
    }
}

/// <summary>The state of the backplane changed.</summary>
public readonly record struct BackplaneMessage(string State) : IServerMessage
{
    public void Write(ref EnvelopeWriter writer)
    {
        var map = writer.BeginAnswer(MessageTypes.Backplane, null, null);
        var payload = writer.BeginPayload();
        writer.Field("state"u8, State);
        writer.EndMap(payload);
        writer.EndMap(map);
    }
}

/// <summary>The node is about to go: reconnect after that delay. A close with 1001 follows.</summary>
public readonly record struct DrainMessage(long ReconnectAfterMs) : IServerMessage
{
    public void Write(ref EnvelopeWriter writer)
    {
        var map = writer.BeginAnswer(MessageTypes.Drain, null, null);
        var payload = writer.BeginPayload();
        writer.Field("reconnectAfterMs"u8, ReconnectAfterMs);
        writer.EndMap(payload);
        writer.EndMap(map);
    }
}
