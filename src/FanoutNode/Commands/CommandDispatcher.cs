using System.Globalization;
using Fanout.Node.Connections;
using Fanout.Node.Connections.Framing;
using Fanout.Node.Diagnostics;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Commands;

/// <summary>
/// Where a client's message becomes a command: decode, check the rate, run. Runs on the connection's reader, so that parsing never costs a
/// lane anything.
/// </summary>
internal sealed partial class CommandDispatcher(
    PublishCommand publish,
    MembershipCommands membership,
    PresenceCommand presence,
    HistoryCommand history,
    RefreshCommand refresh,
    RequestCommand request,
    FanoutMetrics metrics,
    ILogger<CommandDispatcher> logger) : IMessageHandler
{
    public void OnMessage(Session session, Opcode opcode, ReadOnlySpan<byte> bytes) => Guarded(session, opcode, bytes, isPaid: false);

    public bool MayInflate(Session session, Opcode opcode, int wireBytes)
    {
        if (!IsExpected(session.Connection, opcode))
            return false;
        if (session.Rate.TryTakeCompressed(wireBytes, session.Connection.Lane.Timers.Now, out var limit, out var retryAfterMs, out var abused))
            return true;
        session.Connection.Gate.Enter();
        RefuseRate(session, default, limit, retryAfterMs, abused);
        return false;
    }

    public void OnInflated(Session session, Opcode opcode, ReadOnlySpan<byte> bytes, int wireBytes)
    {
        session.Rate.ChargeInflated(wireBytes, bytes.Length);
        Guarded(session, opcode, bytes, isPaid: true);
    }

    private void Guarded(Session session, Opcode opcode, ReadOnlySpan<byte> bytes, bool isPaid)
    {
        try
        {
            Handle(session, opcode, bytes, isPaid);
        }
        catch (Exception e)
        {
            // Decoding is made never to throw; if it does, the client must not be left with a socket that dies without a word.
            LogFailed(logger, e, "?", session.Connection.ClientId);
            session.Connection.Close(CloseCode.InternalError, "a fault in the node; it has been logged");
        }
    }

    private static bool IsExpected(Connection connection, Opcode opcode)
    {
        var expected = connection.Format == WireFormat.Json ? Opcode.Text : Opcode.Binary;
        if (opcode != expected)
            connection.Close(CloseCode.UnsupportedData, $"{Subprotocols.NameOf(connection.Format)} uses {expected.ToString().ToLowerInvariant()} frames");
        return opcode == expected;
    }

    // Paid: the rate was asked before the message was inflated.
    private void Handle(Session session, Opcode opcode, ReadOnlySpan<byte> bytes, bool isPaid)
    {
        var connection = session.Connection;
        if (!IsExpected(connection, opcode))
            return;

        var now = connection.Lane.Timers.Now;
        var (retryAfterMs, abused) = (0L, false);
        if (!isPaid && !session.Rate.TryTakeBytes(bytes.Length, now, out retryAfterMs, out abused))
        {
            // Not even looked at: so there is no id to repeat.
            connection.Gate.Enter();
            RefuseRate(session, default, "bytes", retryAfterMs, abused);
            return;
        }

        var message = connection.Format == WireFormat.Json ? JsonClientMessageReader.Read(bytes) : MessagePackClientMessageReader.Read(bytes);
        connection.Gate.Enter();
        if (isPaid && message.Type is MessageTypes.Join)
            session.Rate.CountAsJoin();
        var taken = isPaid || (message.Type is MessageTypes.Join
            ? session.Rate.TryTakeJoin(now, out retryAfterMs, out abused)
            : session.Rate.TryTake(now, out retryAfterMs, out abused));
        if (!taken)
        {
            RefuseRate(session, message, "messages", retryAfterMs, abused);
            return;
        }

        if (message.Problem is { } problem)
        {
            RefuseBad(session, message, problem);
            return;
        }

        session.BadMessagesInARow = 0;
        try
        {
            Run(session, message);
        }
        catch (Exception e)
        {
            LogFailed(logger, e, message.Type, connection.ClientId);
            connection.Answer(new ErrorMessage(message.Id, message.Room, ErrorCode.Internal, "the request failed; it has been logged"));
        }
    }

    private void Run(Session session, in ClientMessage message)
    {
        switch (message.Type)
        {
            case MessageTypes.Publish:
                publish.Run(session, message);
                break;
            case MessageTypes.Ping:
                session.Connection.Answer(new PongMessage(message.Id));
                break;
            case MessageTypes.Join:
                membership.Join(session, message);
                break;
            case MessageTypes.Leave:
                membership.Leave(session, message);
                break;
            case MessageTypes.Presence:
                presence.Run(session, message);
                break;
            case MessageTypes.Refresh:
                refresh.Run(session, message);
                break;
            case MessageTypes.History:
                history.Run(session, message);
                break;
            case MessageTypes.Request:
                request.Run(session, message);
                break;
            default:
                session.Connection.Answer(new ErrorMessage(
                    message.Id, message.Room, ErrorCode.UnknownType, string.Create(CultureInfo.InvariantCulture, $"there is no message type '{message.Type}'")));
                break;
        }
    }

    private static void RefuseBad(Session session, in ClientMessage message, string problem)
    {
        session.Connection.Answer(new ErrorMessage(message.Id, message.Room, ErrorCode.BadMessage, problem));
        if (++session.BadMessagesInARow >= ProtocolLimits.MaxBadMessagesInARow)
            session.Connection.Close(CloseCode.ProtocolAbuse, $"{ProtocolLimits.MaxBadMessagesInARow} undecodable messages in a row");
    }

    private void RefuseRate(Session session, in ClientMessage message, string limit, long retryAfterMs, bool abused)
    {
        metrics.Limited(limit);
        session.Connection.Answer(new ErrorMessage(message.Id, message.Room, ErrorCode.RateLimited, "too many " + limit.Replace('_', ' '), retryAfterMs));
        if (abused)
            session.Connection.Close(CloseCode.RateLimitAbused, "kept sending over the rate limit");
    }

    [LoggerMessage(1300, LogLevel.Error, "A '{Type}' of {ClientId} failed", EventName = "CommandFailed")]
    private static partial void LogFailed(ILogger logger, Exception exception, string type, string clientId);
}
