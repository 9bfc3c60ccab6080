using System.Net;
using Fanout.Shared.Protocol;

namespace Fanout.Client.Connection;

/// <summary>What the end of a connection means for the next one (docs/protocol.md, sections 2.5 and 7).</summary>
internal static class CloseDecision
{
    public static bool StaysAway(int code) => !CloseCodes.ShouldReconnect(code);

    /// <summary>Statuses of a refused handshake that no other try will change.</summary>
    public static bool RefusesForGood(HttpStatusCode status) =>
        status is HttpStatusCode.BadRequest or HttpStatusCode.Forbidden or HttpStatusCode.UpgradeRequired;

    public static FanoutException Farewell(int code, string reason)
    {
        var kind = (CloseCode)code switch
        {
            CloseCode.Unauthorized => FanoutErrorCodes.Unauthorized,
            CloseCode.Forbidden => FanoutErrorCodes.Forbidden,
            _ => FanoutErrorCodes.Disconnected,
        };
        var why = reason.Length > 0 ? $": {reason}" : "";
        return new FanoutException(kind, $"The node closed the connection for good ({code}{why}).") { CloseCode = code };
    }
}
