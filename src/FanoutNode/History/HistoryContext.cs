using Fanout.Node.Diagnostics;

namespace Fanout.Node.History;

/// <summary>What all sequencers share.</summary>
internal sealed partial class HistoryContext(TimeProvider time, FanoutMetrics metrics, ILogger<HistoryContext> logger)
{
    private readonly Seldom _undecodable = new(time);

    public TimeProvider Time { get; } = time;

    public FanoutMetrics Metrics { get; } = metrics;

    /// <summary>A kept message cannot be read: counted, and told now and then.</summary>
    public void CountUndecodable(int length)
    {
        Metrics.Dropped(DropReason.Undecodable);
        if (_undecodable.Count() is > 0 and var count)
            LogUndecodable(count, length);
    }

    [LoggerMessage(1700, LogLevel.Warning, "{Count} kept messages could not be decoded since this was last said, the newest of {Length} bytes; is a node of a newer version running?", EventName = "KeptMessageUndecodable")]
    private partial void LogUndecodable(long count, int length);

    [LoggerMessage(1701, LogLevel.Error, "Following a room failed (its name has {NameLength} characters); it is tried again", EventName = "SequencerFailed")]
    public partial void LogFailed(Exception exception, int nameLength);
}
