namespace Fanout.Tests.Chaos.Checking;

/// <summary>What was promised (DESIGN.md 3, 6, 7) and not kept.</summary>
public enum ViolationKind
{
    /// <summary>A message that exists was skipped without a word.</summary>
    Missing,

    /// <summary>A message came again, or an older one behind a newer one.</summary>
    TwiceOrOutOfOrder,

    /// <summary>Two saw different messages at one offset, or the same messages in different orders.</summary>
    OrderDiffers,

    /// <summary>One message was stored at two places of an epoch, although its key was the same.</summary>
    StoredTwice,

    /// <summary>A publisher's messages stand in another order than it sent them.</summary>
    PublisherOrder,

    /// <summary><c>recovered: false</c> although history reached back.</summary>
    FalselyNotRecovered,

    /// <summary><c>recovered: true</c> where nothing was asked for, or at another place than asked for.</summary>
    FalselyRecovered,

    /// <summary><c>reset</c> although history reached back.</summary>
    FalseReset,

    /// <summary>A room began anew and Redis had not.</summary>
    EpochWithoutCause,

    /// <summary>A client was put back into an epoch that was over.</summary>
    EpochWentBack,

    /// <summary>A position that lies beyond every message that could have existed.</summary>
    PositionAhead,

    /// <summary>Position or offset is absent where the room has them, or present where it has none.</summary>
    PositionMissing,

    /// <summary>A message for somebody who was not in the room.</summary>
    OutsideTheRoom,

    /// <summary>A message that nobody published.</summary>
    Unknown,

    /// <summary>A publish was never acknowledged, even after everything was healed.</summary>
    NeverAcknowledged,

    /// <summary>A subscriber did not get to the room's end, even after everything was healed.</summary>
    NotConverged,

    /// <summary>A member, a node or its keys that are not there any more.</summary>
    Ghost,

    /// <summary>A live member or node that the others do not know.</summary>
    Forgotten,

    /// <summary>What the room keeps is not what was published last.</summary>
    HistoryDiffers,

    /// <summary>A close code or an error that no fault explains.</summary>
    Odd,
}
