using System.Net;
using Fanout.Cli.Http;
using Fanout.Cli.Running;
using Fanout.Client;

namespace Fanout.Cli.Subscribing;

/// <summary>What the client's failures mean to whoever typed the command.</summary>
internal static class ClientFaults
{
    public static CliException Of(FanoutException e, Settings settings)
    {
        var (exit, message, hint) = e switch
        {
            { StatusCode: HttpStatusCode.Unauthorized } or { Code: FanoutErrorCodes.Unauthorized } or { CloseCode: 4002 or 4501 } => (
                ExitCode.Refused,
                settings.Token is null ? "A token is needed, and none was given." : "The token was refused.",
                settings.Token is null ? "Set FANOUT_TOKEN (or --token); `fanout token` makes one for development." : "`fanout token --decode` shows what it holds; the node's log says why (1500)."),
            { StatusCode: HttpStatusCode.Forbidden } => (ExitCode.Refused, "This user may not come in: an operator keeps it out.", "`fanout disconnect --user ... --lift` lets it in again."),
            { Code: FanoutErrorCodes.Forbidden } => (ExitCode.Refused, Text(e), "The token's claim 'fanout' must grant it: `fanout token --decode` shows it."),
            { StatusCode: HttpStatusCode.NotFound } => (ExitCode.Failed, $"There is no Fanout at {settings.Url}.", "Is the port right, and the path, if a proxy is in front?"),
            { StatusCode: HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable } => (ExitCode.TryLater, Text(e), "The node is full, draining, or limits you; try again in a moment."),
            { CloseCode: 4503 } => (ExitCode.Refused, "An operator disconnected this connection.", (string?)null),
            { IsRetryable: true, Code: FanoutErrorCodes.BackplaneUnavailable or FanoutErrorCodes.Timeout } => (ExitCode.TryLater, Text(e), "`fanout doctor` looks for the reason."),
            _ => (ExitCode.Failed, Text(e), null),
        };
        return new CliException(exit, message, hint, e) { Code = e.Code, Status = (int?)e.StatusCode };
    }

    /// <summary>No connection at the first try.</summary>
    public static CliException OfConnect(FanoutException e, Settings settings)
    {
        if (e.StatusCode is not null || e.CloseCode is not (null or 1006))
            return Of(e, settings);
        // Without a fault of the network behind it, the client has given up waiting.
        return e.InnerException is null ? NetworkFaults.NoAnswer(settings with { Timeout = null }) : NetworkFaults.Of(e, settings);
    }

    private static string Text(FanoutException e) => e.Room is { } room && !e.Message.Contains(room, StringComparison.Ordinal) ? $"{room}: {e.Message}" : e.Message;
}
