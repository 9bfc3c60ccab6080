namespace Fanout.Node.Diagnostics;

/// <summary>How a gap in a room's sequence ended; tag of <c>fanout.backplane.gaps</c>.</summary>
internal enum GapOutcome
{
    /// <summary>The missing messages were read and delivered.</summary>
    Filled,

    /// <summary>The history does not reach back so far: members were told with <c>reset</c>.</summary>
    Lost,

    /// <summary>The room began a new epoch: members were told with <c>reset</c>.</summary>
    NewEpoch,
}

/// <summary>How a client's <c>since</c> was answered; tag of <c>fanout.recoveries</c>.</summary>
internal enum RecoveryOutcome
{
    /// <summary>Everything after its position was there to send.</summary>
    Recovered,

    /// <summary>Another epoch, or the history does not reach back so far.</summary>
    NotRecovered,

    /// <summary>The history was overtaken while the client caught up: it was told with <c>reset</c>.</summary>
    Overtaken,
}
