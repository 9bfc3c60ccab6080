using System.Security.Authentication;
using StackExchange.Redis;

namespace Fanout.Cli.Redis;

/// <summary>Why Redis cannot be used, without anything of the connection string.</summary>
internal static class RedisFaultText
{
    public static (string What, string Advice) OfConnect(Exception e)
    {
        for (var cause = e; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure }:
                    return Authentication;
                case RedisServerException server when server.Message.StartsWith("NOAUTH", StringComparison.Ordinal) || server.Message.StartsWith("WRONGPASS", StringComparison.Ordinal):
                    return Authentication;
                case AuthenticationException:
                    return ("the TLS handshake failed", "Does the name fit the certificate, and is its issuer trusted here? Or is it plain Redis, without ssl=true?");
            }
        }

        if (e.Message.Contains("NOAUTH", StringComparison.Ordinal) || e.Message.Contains("WRONGPASS", StringComparison.Ordinal) || e.Message.Contains("AuthenticationFailure", StringComparison.Ordinal))
            return Authentication;
        return e.Message.Contains("LOADING", StringComparison.Ordinal)
            ? ("it is still reading its data from disk", "Wait until it has; nodes do the same.")
            : ("it does not answer", "Is it Redis that listens there, is it stopped, does it ask for TLS (ssl=true), or is a firewall in between?");
    }

    /// <summary>The server's own word, one line.</summary>
    public static string Short(Exception e) => e is RedisServerException ? e.Message.Split('\n')[0].Trim() : e switch
    {
        RedisTimeoutException or TimeoutException => "no answer in time",
        RedisConnectionException connection => connection.FailureType.ToString(),
        _ => e.GetType().Name,
    };

    private static (string What, string Advice) Authentication =>
        ("it refuses the password, or asks for one", "Put it into the connection string: redis:6379,user=...,password=...");
}
