namespace Fanout.Node.Diagnostics;

/// <summary>Why a message did not reach somebody it was for; tag of <c>fanout.messages.dropped</c>.</summary>
internal enum DropReason
{
    /// <summary>The receiver's backlog was full; the receiver was cut, or had <c>too_large</c> in place of a back end's answer. Counts once, whatever waited for it.</summary>
    Backlog,

    /// <summary>The receiver took nothing for too long; it was cut. Counts once, like <see cref="Backlog"/>.</summary>
    Stalled,

    /// <summary>A newer message of the same room took its place (<c>Overflow: Latest</c>).</summary>
    Superseded,

    /// <summary>A lane had too many messages waiting.</summary>
    LaneFull,

    /// <summary>It could not be decoded.</summary>
    Undecodable,
}
