using Fanout.Node.Backplane;
using Fanout.Node.Connections;
using Fanout.Node.Presence;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Commands;

/// <summary><c>presence</c>: who is in a room, over all nodes.</summary>
internal sealed partial class PresenceCommand(PresenceReader presence, ILogger<PresenceCommand> logger)
{
    public void Run(Session session, in ClientMessage message)
    {
        if (!MembershipCommands.CheckId(session, message))
            return;
        var connection = session.Connection;
        if (message.Room is null || !RoomName.IsValid(message.Room))
        {
            connection.Answer(new ErrorMessage(message.Id, message.Room, ErrorCode.BadRoom, RoomService.RoomProblem(message.Room)));
            return;
        }

        if (!connection.Principal.MaySeePresence(message.Room))
        {
            connection.Answer(new ErrorMessage(message.Id, message.Room, ErrorCode.Forbidden, "the token does not grant presence of this room"));
            return;
        }

        try
        {
            var payload = CommandPayload.Read(connection.Format, message);
            var limit = payload.GetCount("limit", ProtocolLimits.MaxPageSize) ?? ProtocolLimits.DefaultPageSize;
            _ = AnswerAsync(connection, message.Id!, message.Room, payload.GetBoolean("count"), payload.GetText("after"), limit);
        }
        catch (CommandException e)
        {
            connection.Answer(new ErrorMessage(message.Id, message.Room, e.Code, e.Message));
        }
    }

    private async Task AnswerAsync(Connection connection, string id, string room, bool countOnly, string? after, int limit)
    {
        try
        {
            var counts = await presence.CountAsync(room);
            var page = countOnly ? null : await presence.ListAsync(room, after, limit);
            connection.Answer(new PresenceMessage(id, room, counts.Members, counts.Users, page?.Items, page?.Next));
        }
        catch (BackplaneUnavailableException)
        {
            connection.Answer(new ErrorMessage(id, room, ErrorCode.BackplaneUnavailable, "the backplane cannot be reached; try again later"));
        }
        catch (Exception e)
        {
            LogFailed(logger, e, connection.ClientId);
            connection.Answer(new ErrorMessage(id, room, ErrorCode.Internal, "the request failed; it has been logged"));
        }
    }

    [LoggerMessage(1320, LogLevel.Error, "A presence request of {ClientId} failed", EventName = "PresenceFailed")]
    private static partial void LogFailed(ILogger logger, Exception exception, string clientId);
}
