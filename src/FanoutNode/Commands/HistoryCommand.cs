using Fanout.Node.Backplane;
using Fanout.Node.Connections;
using Fanout.Node.History;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Commands;

/// <summary><c>history</c>: a page of a room's kept messages. Needs the grant to join.</summary>
internal sealed partial class HistoryCommand(HistoryReader history, ILogger<HistoryCommand> logger)
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

        if (!connection.Principal.MayJoin(message.Room))
        {
            connection.Answer(new ErrorMessage(message.Id, message.Room, ErrorCode.Forbidden, "the token does not grant this room"));
            return;
        }

        try
        {
            var payload = CommandPayload.Read(connection.Format, message);
            var limit = payload.GetCount("limit", ProtocolLimits.MaxPageSize) ?? ProtocolLimits.DefaultPageSize;
            RoomPosition? since = payload.GetObject("since") is { } value ? MembershipCommands.ReadPosition(value) : null;
            _ = AnswerAsync(connection, message.Id!, message.Room, since, limit);
        }
        catch (CommandException e)
        {
            connection.Answer(new ErrorMessage(message.Id, message.Room, e.Code, e.Message));
        }
    }

    private async Task AnswerAsync(Connection connection, string id, string room, RoomPosition? since, int limit)
    {
        try
        {
            var result = await history.ReadAsync(room, since, limit);
            connection.Answer(new HistoryMessage(id, room, result.Position?.Epoch, result.Position?.Offset, result.Messages, result.More));
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

    [LoggerMessage(1340, LogLevel.Error, "A history request of {ClientId} failed", EventName = "HistoryFailed")]
    private static partial void LogFailed(ILogger logger, Exception exception, string clientId);
}
