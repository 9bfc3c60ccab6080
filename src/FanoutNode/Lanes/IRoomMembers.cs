namespace Fanout.Node.Lanes;

/// <summary>A room as the lanes see it: a name and a member list for each lane.</summary>
internal interface IRoomMembers
{
    string Name { get; }

    /// <summary>Whether a member that lags gets the newest message only (<c>Overflow: Latest</c>).</summary>
    bool KeepsNewestOnly { get; }

    /// <summary>By lane index; null where the lane never had a member. Each entry is owned by its lane.</summary>
    LaneRoom?[] Members { get; }

    /// <summary>Tells the room which lanes have members, so that the others are not woken.</summary>
    void SetOccupied(int laneIndex, bool occupied);
}
