using Microsoft.Extensions.Logging;

namespace Fanout.Client.Diagnostics;

/// <summary>What the client logs; ids 2000 to 2099. Never a token or a payload.</summary>
internal static partial class ClientLog
{
    [LoggerMessage(2000, LogLevel.Information, "Connected to node {Node} as {ClientId}")]
    public static partial void Connected(ILogger logger, string node, string clientId);

    [LoggerMessage(2001, LogLevel.Information, "The connection ended with {Code} {Reason}")]
    public static partial void Disconnected(ILogger logger, int code, string reason);

    [LoggerMessage(2002, LogLevel.Information, "Connecting again in {Delay}, after {Attempt} failed attempts: {Cause}")]
    public static partial void Reconnecting(ILogger logger, TimeSpan delay, int attempt, string cause);

    [LoggerMessage(2003, LogLevel.Information, "The client is closed: {Reason}")]
    public static partial void Closed(ILogger logger, string reason);

    [LoggerMessage(2004, LogLevel.Error, "The client is closed, and stays so: {Code}: {Reason}")]
    public static partial void SentAway(ILogger logger, string code, string reason);

    [LoggerMessage(2005, LogLevel.Warning, "{Code}: {Reason}")]
    public static partial void Fault(ILogger logger, Exception? cause, string code, string reason);

    [LoggerMessage(2006, LogLevel.Information, "The node drains; connecting elsewhere in {Delay}")]
    public static partial void Draining(ILogger logger, TimeSpan delay);

    [LoggerMessage(2007, LogLevel.Information, "The node's backplane is {State}")]
    public static partial void Backplane(ILogger logger, FanoutBackplaneState state);

    [LoggerMessage(2008, LogLevel.Warning, "Messages of room {Room} may have been missed ({Reason})")]
    public static partial void Reset(ILogger logger, string room, FanoutResetReason reason);

    [LoggerMessage(2009, LogLevel.Warning, "{Count} lines were left out here: the logger stood still")]
    public static partial void LinesDropped(ILogger logger, int count);
}
