using Microsoft.Extensions.Logging;

namespace Fanout.Publisher.Batching;

/// <summary>What the publisher logs; ids 2050 to 2099. Never a key or a payload.</summary>
internal static partial class PublisherLog
{
    [LoggerMessage(2050, LogLevel.Warning, "A batch of {Count} messages failed: {Code}")]
    public static partial void BatchFailed(ILogger logger, Exception cause, int count, string code);

    [LoggerMessage(2051, LogLevel.Information, "Sending a batch again in {Delay}, try {Attempt}: {Reason}")]
    public static partial void Retry(ILogger logger, Exception? cause, TimeSpan delay, int attempt, string reason);
}
