using Fanout.Node.Diagnostics;

namespace Fanout.Node.History;

/// <summary>What all sequencers share.</summary>
internal sealed partial class HistoryContext(TimeProvider time, FanoutMetrics metrics, ILogger<HistoryContext> logger)
{
    public TimeProvider Time { get; } = time;

    public FanoutMetrics Metrics { get; } = metrics;

    [LoggerMessage(1700, LogLevel.Warning, "A kept message of {Length} bytes could not be decoded; is a node of a newer version running?", EventName = "KeptMessageUndecodable")]
    public partial void LogUndecodable(int length);

    [LoggerMessage(1701, LogLevel.Error, "Following a room failed (its name has {NameLength} characters); it is tried again", EventName = "SequencerFailed")]
    public partial void LogFailed(Exception exception, int nameLength);
}
