using Fanout.Shared.Codecs;
using Fanout.Shared.Protocol;

namespace Fanout.Shared.Envelopes;

/// <summary>Continuity is lost in a room: the client reloads its state, and live messages follow behind this position.</summary>
public readonly record struct ResetMessage(string Room, string Epoch, long Offset) : IServerMessage
{
    public void Write(ref EnvelopeWriter writer)
    {
        var map = writer.BeginAnswer(MessageTypes.Reset, null, Room);
        var payload = writer.BeginPayload();
        writer.Field("epoch"u8, Epoch);
        writer.Field("offset"u8, Offset);
        writer.EndMap(payload);
        writer.EndMap(map);
    }
}

/// <summary>Kept messages of a room, the answer to <c>history</c>.</summary>
/// <param name="Epoch">Absent in a room without history, like <paramref name="Offset"/>.</param>
/// <param name="Offset">The room's newest offset.</param>
/// <param name="More">Whether there are messages behind the last of these.</param>
public readonly record struct HistoryMessage(
    string? Id, string Room, string? Epoch, long? Offset, IReadOnlyList<RoomMessageEnvelope> Messages, bool More) : IServerMessage
{
    public void Write(ref EnvelopeWriter writer)
    {
        var map = writer.BeginAnswer(MessageTypes.History, Id, Room);
        var payload = writer.BeginPayload();
        writer.FieldIfAny("epoch"u8, Epoch);
        writer.FieldIfAny("offset"u8, Offset);
        writer.Name("messages"u8);
        writer.BeginArray(Messages.Count);
        foreach (var message in Messages)
            message.Write(ref writer);
        writer.EndArray();
        writer.Field("more"u8, More);
        writer.EndMap(payload);
        writer.EndMap(map);
    }
}
