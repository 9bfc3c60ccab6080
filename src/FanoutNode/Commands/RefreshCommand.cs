using Fanout.Node.Auth;
using Fanout.Node.Connections;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Commands;

/// <summary><c>refresh</c>: a new token for the same user. Rooms that it does not allow any more are left, with a notice each.</summary>
internal sealed partial class RefreshCommand(IAuthenticator authenticator, RoomService rooms, ILogger<RefreshCommand> logger)
{
    public void Run(Session session, in ClientMessage message)
    {
        if (!MembershipCommands.CheckId(session, message))
            return;
        try
        {
            var token = CommandPayload.Read(session.Connection.Format, message).GetText("token") ?? throw CommandPayload.Wrong("token", "a token");
            _ = RefreshAsync(session, message.Id!, token);
        }
        catch (CommandException e)
        {
            session.Connection.Answer(new ErrorMessage(message.Id, null, e.Code, e.Message));
        }
    }

    private async Task RefreshAsync(Session session, string id, string token)
    {
        var connection = session.Connection;
        try
        {
            var (outcome, principal) = await authenticator.AuthenticateAsync(token);
            if (outcome == AuthenticationOutcome.Unavailable)
            {
                connection.Answer(new ErrorMessage(id, null, ErrorCode.UpstreamFailed, "tokens cannot be checked at the moment; try again"));
                return;
            }

            if (principal is null || principal.UserId != connection.Principal.UserId || principal.IsOperator != connection.Principal.IsOperator)
            {
                connection.Answer(new ErrorMessage(id, null, ErrorCode.Unauthorized, "the token is not valid for this connection"));
                return;
            }

            connection.Principal = principal;
            connection.Lane.Post(new TokenRefreshedWork(connection));
            var left = session.Rooms.Joined.Where(room => !principal.MayJoin(room)).ToList();
            rooms.Reevaluate(session);
            connection.Answer(new RefreshedMessage(id, principal.ExpiresAt?.ToUnixTimeMilliseconds(), left));
        }
        catch (Exception e)
        {
            LogFailed(logger, e, connection.ClientId);
            connection.Answer(new ErrorMessage(id, null, ErrorCode.Internal, "the refresh failed; it has been logged"));
        }
    }

    [LoggerMessage(1330, LogLevel.Error, "A refresh of {ClientId} failed", EventName = "RefreshFailed")]
    private static partial void LogFailed(ILogger logger, Exception exception, string clientId);
}
