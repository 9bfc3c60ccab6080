using System.Net.Sockets;
using System.Security.Authentication;
using Fanout.Cli.Running;

namespace Fanout.Cli.Http;

/// <summary>Nobody answers: why, and what to look at.</summary>
internal static class NetworkFaults
{
    private const string OtherUrl = "Name the node with --url or FANOUT_URL.";

    public static CliException NoAnswer(Settings settings) => new(
        ExitCode.Unreachable,
        $"{Where(settings)} did not answer within {Durations.ToText(settings.AnswerTimeout)}.",
        "Is the node overloaded, paused, or behind a firewall? --timeout waits longer.")
    { Code = "timeout" };

    public static CliException Of(Exception e, Settings settings)
    {
        var (what, hint) = Explain(e, settings);
        return new CliException(ExitCode.Unreachable, $"{Where(settings)} cannot be reached: {what}.", hint, e);
    }

    private static (string What, string Hint) Explain(Exception e, Settings settings)
    {
        for (var cause = e; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                // What the other end sent is no TLS record.
                case AuthenticationException when cause.Message.Contains("frame", StringComparison.Ordinal):
                    return ("what answers there does not speak TLS", "Is it plain HTTP? Then write http://.");
                case AuthenticationException when settings.Url.Scheme == "https":
                    return ("the TLS handshake failed: " + FirstLine(cause),
                        "Does the name fit the certificate, and is its issuer trusted here? --insecure skips that check.");
                case SocketException socket:
                    return socket.SocketErrorCode switch
                    {
                        SocketError.ConnectionRefused => ("nobody listens there (connection refused)", $"Is a node running? {OtherUrl}"),
                        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => ("the host's name is not known", OtherUrl),
                        SocketError.TimedOut or SocketError.HostUnreachable or SocketError.NetworkUnreachable =>
                            ("there is no way to the host", $"Is it up, and does a firewall let you through? {OtherUrl}"),
                        SocketError.ConnectionReset => ("the connection was cut", "Is that port HTTP, or does it want https://?"),
                        _ => (FirstLine(socket), OtherUrl),
                    };
            }
        }

        return e is HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded or HttpRequestError.InvalidResponse }
            ? ("what answers there does not speak HTTP", settings.Url.Scheme == "http" ? "Is it TLS? Then write https://." : OtherUrl)
            : (FirstLine(e), OtherUrl);
    }

    private static string Where(Settings settings) => settings.Url.AbsoluteUri.TrimEnd('/');

    private static string FirstLine(Exception e) => e.Message.Split('\n')[0].Trim().TrimEnd('.');
}
