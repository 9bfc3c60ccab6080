using Fanout.Shared.Codecs;
using Fanout.Shared.Protocol;

namespace Fanout.Shared.Envelopes;

/// <summary>The room was joined; <paramref name="Id"/> is absent for rooms named at the connect.</summary>
/// <param name="Epoch">Absent in a room without history, like <paramref name="Offset"/>.</param>
/// <param name="Offset">The position from which live messages follow, after what was missed is sent.</param>
/// <param name="Recovered">Whether everything after the client's <c>since</c> was there to send.</param>
/// <param name="Count">Members on all nodes.</param>
public readonly record struct JoinedMessage(string? Id, string Room, string? Epoch, long? Offset, bool Recovered, long Count) : IServerMessage
{
    public void Write(ref EnvelopeWriter writer)
    {
        var map = writer.BeginAnswer(MessageTypes.Joined, Id, Room);
        var payload = writer.BeginPayload();
        writer.FieldIfAny("epoch"u8, Epoch);
        writer.FieldIfAny("offset"u8, Offset);
        writer.Field("recovered"u8, Recovered);
        writer.Field("count"u8, Count);
        writer.EndMap(payload);
        writer.EndMap(map);
    }
}

/// <summary>The room was left, as the client asked.</summary>
public readonly record struct LeftMessage(string? Id, string Room) : IServerMessage
{
    public void Write(ref EnvelopeWriter writer)
    {
        var map = writer.BeginAnswer(MessageTypes.Left, Id, Room);
        writer.EndMap(writer.BeginPayload());
        writer.EndMap(map);
    }
}

/// <summary>The publish was taken by the backplane, and stored where the room has history.</summary>
public readonly record struct PublishedMessage(string Id, string Room, string MessageId, string? Epoch, long? Offset, bool Duplicate) : IServerMessage
{
    public void Write(ref EnvelopeWriter writer)
    {
        var map = writer.BeginAnswer(MessageTypes.Published, Id, Room);
        writer.FieldIfAny("offset"u8, Offset);
        var payload = writer.BeginPayload();
        writer.Field("messageId"u8, MessageId);
        writer.FieldIfAny("epoch"u8, Epoch);
        if (Duplicate)
            writer.Field("duplicate"u8, true);
        writer.EndMap(payload);
        writer.EndMap(map);
    }
}

/// <summary>Who is in a room: one page of members, or the counts alone.</summary>
/// <param name="Count">Members (connections) on all nodes.</param>
/// <param name="Users">Different users among them; connections without a user count as none.</param>
/// <param name="Members">Absent where only the counts were asked for.</param>
/// <param name="Next">Given as <c>after</c> it brings the next page; absent on the last.</param>
public readonly record struct PresenceMessage(
    string? Id, string Room, long Count, long Users, IReadOnlyList<Member>? Members, string? Next) : IServerMessage
{
    public void Write(ref EnvelopeWriter writer)
    {
        var map = writer.BeginAnswer(MessageTypes.Presence, Id, Room);
        var payload = writer.BeginPayload();
        writer.Field("count"u8, Count);
        writer.Field("users"u8, Users);
        if (Members is not null)
        {
            writer.Name("members"u8);
            writer.BeginArray(Members.Count);
            foreach (var member in Members)
                member.Write(ref writer);
            writer.EndArray();
        }

        writer.FieldIfAny("next"u8, Next);
        writer.EndMap(payload);
        writer.EndMap(map);
    }
}

/// <summary>The answer to a <c>ping</c> message.</summary>
public readonly record struct PongMessage(string? Id) : IServerMessage
{
    public void Write(ref EnvelopeWriter writer) => writer.EndMap(writer.BeginAnswer(MessageTypes.Pong, Id, null));
}

/// <summary>A new token was taken.</summary>
/// <param name="ExpiresAt">Unix milliseconds; absent for a token that does not end.</param>
/// <param name="Left">Rooms that the new token does not allow any more.</param>
public readonly record struct RefreshedMessage(string? Id, long? ExpiresAt, IReadOnlyList<string> Left) : IServerMessage
{
    public void Write(ref EnvelopeWriter writer)
    {
        var map = writer.BeginAnswer(MessageTypes.Refreshed, Id, null);
        var payload = writer.BeginPayload();
        writer.FieldIfAny("expiresAt"u8, ExpiresAt);
        writer.Names("left"u8, Left);
        writer.EndMap(payload);
        writer.EndMap(map);
    }
}

/// <summary>A back end answered a <c>request</c>.</summary>
/// <param name="Payload">What it answered; null where it had nothing to say.</param>
public readonly record struct ResponseMessage(string Id, Payload Payload) : IServerMessage
{
    public void Write(ref EnvelopeWriter writer)
    {
        var map = writer.BeginAnswer(MessageTypes.Response, Id, null);
        writer.Name("payload"u8);
        writer.Value(Payload);
        writer.EndMap(map);
    }
}

/// <summary>One request failed; the connection lives on.</summary>
/// <param name="RetryAfterMs">After how many milliseconds another try makes sense, where that is known.</param>
public readonly record struct ErrorMessage(string? Id, string? Room, ErrorCode Code, string Message, long? RetryAfterMs = null) : IServerMessage
{
    public void Write(ref EnvelopeWriter writer)
    {
        var map = writer.BeginAnswer(MessageTypes.Error, Id, Room);
        var payload = writer.BeginPayload();
        writer.Field("code"u8, Code.ToWire());
        writer.Field("message"u8, Message);
        writer.Field("retryable"u8, Code.IsRetryable());
        writer.FieldIfAny("retryAfterMs"u8, RetryAfterMs);
        writer.EndMap(payload);
        writer.EndMap(map);
    }
}
