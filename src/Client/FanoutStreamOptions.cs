namespace Fanout.Client;

/// <summary>What waits for a reader of messages, and what happens beyond it.</summary>
public sealed record FanoutStreamOptions
{
    internal static readonly FanoutStreamOptions Default = new();

    /// <summary>Messages that may wait for the reader. Default 1,000; 1 or more.</summary>
    public int BufferSize { get; init; } = 1_000;

    /// <summary>What happens beyond it. Default: <see cref="FanoutOverflow.Fail"/>.</summary>
    public FanoutOverflow Overflow { get; init; } = FanoutOverflow.Fail;
}

/// <summary>What happens when messages come faster than they are read.</summary>
public enum FanoutOverflow
{
    /// <summary>The reading ends with <c>overflow</c>, behind the messages that wait, so that nothing is lost in silence.</summary>
    Fail,

    /// <summary>The oldest that wait are dropped, and counted: for state that replaces itself.</summary>
    DropOldest,
}
