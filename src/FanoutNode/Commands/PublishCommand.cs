using Fanout.Node.Backplane;
using Fanout.Node.Connections;
using Fanout.Node.Diagnostics;
using Fanout.Node.Publishing;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Commands;

/// <summary><c>publish</c>: the hot command. It is handed to the backplane in the order in which the client sent it, and answered when that is done.</summary>
internal sealed partial class PublishCommand(Publisher publisher, TraceSampling sampling, ILogger<PublishCommand> logger)
{
    public void Run(Session session, in ClientMessage message)
    {
        var connection = session.Connection;
        if (message.Room is null || !RoomName.IsValid(message.Room))
            connection.Answer(new ErrorMessage(message.Id, message.Room, ErrorCode.BadRoom, RoomService.RoomProblem(message.Room)));
        else if (message.Payload.IsEmpty)
            connection.Answer(new ErrorMessage(message.Id, message.Room, ErrorCode.BadMessage, "'payload' is missing"));
        else if (!connection.Principal.MayPublish(message.Room))
            connection.Answer(new ErrorMessage(message.Id, message.Room, ErrorCode.Forbidden, "the token does not grant publishing to this room"));
        else
            Publish(connection, message);
    }

    private void Publish(Connection connection, in ClientMessage message)
    {
        var request = new PublishRequest(
            message.Room!,
            new Payload(connection.Format, message.Payload.ToArray()),
            new Sender(connection.ClientId, connection.Principal.UserId),
            message.Echo ? null : connection.ClientId,
            PublishSource.Socket,
            connection.Principal.KeyScope,
            message.Key)
        { Trace = sampling.OfClient(message.TraceParent) };

        var publish = publisher.PublishAsync(request, out var messageId);
        if (publish.IsCompletedSuccessfully)
            Answer(connection, message.Id, message.Room!, publish.Result);
        else
            _ = AnswerLaterAsync(connection, message.Id, message.Room!, messageId, publish);
    }

    // Not the request: its payload would be held until Redis answers, beside what was made of it. (A traced publish, one of many, does hold it.)
    private async Task AnswerLaterAsync(Connection connection, string? id, string room, string messageId, ValueTask<PublishResult> publish)
    {
        try
        {
            Answer(connection, id, room, await publish);
        }
        catch (Exception e)
        {
            LogFailed(logger, e, messageId, connection.ClientId);
            connection.Answer(new ErrorMessage(id, room, ErrorCode.Internal, "the publish failed; it has been logged"));
        }
    }

    private static void Answer(Connection connection, string? id, string room, in PublishResult result)
    {
        if (PublishProblems.Of(result.Outcome) is var (code, text))
            connection.Answer(new ErrorMessage(id, room, code, text));
        else if (id is null)
            connection.Gate.Leave(); // Nobody asked for an answer.
        else
            connection.Answer(new PublishedMessage(id, room, result.MessageId, result.Epoch, result.Offset, result.Outcome == PublishOutcome.Duplicate));
    }

    [LoggerMessage(1310, LogLevel.Error, "Message {MessageId} of {ClientId} could not be published", EventName = "PublishFailed")]
    private static partial void LogFailed(ILogger logger, Exception exception, string messageId, string clientId);
}
