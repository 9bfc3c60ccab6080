using Fanout.Node.Auth;
using Fanout.Node.Limits;

namespace Fanout.Node.Rpc;

/// <summary>The configured methods, in their order.</summary>
internal sealed partial class RpcMethods : IDisposable
{
    private readonly RpcMethod[] _methods;

    public RpcMethods(RpcOptions options, LimitsOptions limits, TimeProvider time, RpcMetrics metrics, ILogger<RpcMethods> logger)
    {
        _methods = [.. options.Methods.Select(method => new RpcMethod(method, options.Secret, time, metrics, logger))];
        foreach (var method in _methods.Where(method => !method.IsSigned))
            LogUnsigned(logger, method.Pattern);
        foreach (var method in _methods.Where(method => limits.MaxBacklogBytes > 0 && method.MaxAnswerBytes > limits.MaxBacklogBytes))
            LogLargeAnswers(logger, method.Pattern, method.MaxAnswerBytes, limits.MaxBacklogBytes);
    }

    /// <summary>The first whose pattern fits.</summary>
    public RpcMethod? Find(string name)
    {
        foreach (var method in _methods)
        {
            if (MethodPattern.IsMatch(method.Pattern, name))
                return method;
        }

        return null;
    }

    /// <summary>Why a principal may not call a method; null where it may.</summary>
    public static string? Refusal(RpcMethod method, string name, Principal principal) => method.Access switch
    {
        RpcAccess.Users when principal.UserId is null => "this method is for users: connect with a token",
        RpcAccess.Granted when !MethodPattern.MatchesAny(principal.Grants.Request, name) => "the token does not grant this method",
        _ => null,
    };

    public void Dispose()
    {
        foreach (var method in _methods)
            method.Dispose();
    }

    [LoggerMessage(1793, LogLevel.Warning, "Requests for '{Pattern}' are not signed: set Fanout:Rpc:Secret, so that the back end can tell them from anybody else's", EventName = "RequestsUnsigned")]
    private static partial void LogUnsigned(ILogger logger, string pattern);

    [LoggerMessage(3900, LogLevel.Warning, "Answers for '{Pattern}' may have {MaxAnswerBytes} bytes, more than may wait for a socket (Fanout:Limits:MaxBacklogBytes, {MaxBacklogBytes}): one that large is too_large for a client that is reading something else", EventName = "AnswersLargerThanBacklog")]
    private static partial void LogLargeAnswers(ILogger logger, string pattern, int maxAnswerBytes, long maxBacklogBytes);
}
