using System.Text.Json;
using Fanout.Node.Connections;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Commands;

/// <summary><c>join</c> and <c>leave</c>.</summary>
internal sealed class MembershipCommands(RoomService rooms)
{
    public void Join(Session session, in ClientMessage message)
    {
        if (!CheckId(session, message))
            return;
        JoinRequest request;
        try
        {
            request = ReadJoin(session, message);
        }
        catch (CommandException e)
        {
            session.Connection.Answer(new ErrorMessage(message.Id, message.Room, e.Code, e.Message));
            return;
        }

        rooms.Join(session, request);
    }

    public void Leave(Session session, in ClientMessage message)
    {
        if (!CheckId(session, message))
            return;
        if (message.Room is null || !RoomName.IsValid(message.Room))
            session.Connection.Answer(new ErrorMessage(message.Id, message.Room, ErrorCode.BadRoom, RoomService.RoomProblem(message.Room)));
        else
            rooms.Leave(session, message.Id, message.Room);
    }

    /// <summary>Most commands need an id, since they are answered.</summary>
    internal static bool CheckId(Session session, in ClientMessage message)
    {
        if (message.Id is not null)
            return true;
        session.Connection.Answer(new ErrorMessage(null, message.Room, ErrorCode.BadMessage, $"'id' is missing in '{message.Type}'"));
        return false;
    }

    private static JoinRequest ReadJoin(Session session, in ClientMessage message)
    {
        var payload = CommandPayload.Read(session.Connection.Format, message);
        RoomPosition? position = null;
        int? last = null;
        if (payload.GetObject("since") is { } since)
        {
            if (since.TryGetProperty("last", out var lastValue))
                last = lastValue.ValueKind == JsonValueKind.Number && lastValue.TryGetInt32(out var n) && n >= 0
                    ? Math.Min(n, RequestedRoom.MostLast)
                    : throw CommandPayload.Wrong("since.last", "a whole number");
            else
                position = ReadPosition(since);
        }

        return new JoinRequest(message.Id, message.Room ?? "", position, last, payload.GetBoolean("presence"), CountsAnswer: true);
    }

    internal static RoomPosition ReadPosition(JsonElement since) =>
        since.TryGetProperty("epoch", out var epoch) && epoch.ValueKind == JsonValueKind.String
        && since.TryGetProperty("offset", out var offset) && offset.ValueKind == JsonValueKind.Number && offset.TryGetInt64(out var number) && number is >= 0 and <= RoomPosition.MaxOffset
            ? new RoomPosition(epoch.GetString()!, number)
            : throw CommandPayload.Wrong("since", "{epoch, offset} or {last}");
}
