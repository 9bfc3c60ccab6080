namespace Fanout.Node.Lanes;

/// <summary>A room as the lanes see it: a name and a member list for each lane.</summary>
internal interface IRoomMembers
{
    string Name { get; }

    /// <summary>Whether a member that lags gets the newest message only (<c>Overflow: Latest</c>).</summary>
    bool KeepsNewestOnly { get; }

    /// <summary>Whether it is a room for operators: what goes there is no traffic of the service's users, and is not counted as such.</summary>
    bool IsForOperators => false;

    /// <summary>By lane index; null where the lane never had a member. Each entry is owned by its lane.</summary>
    LaneRoom?[] Members { get; }

    /// <summary>The member list on a lane; made at the first use there.</summary>
    LaneRoom OnLane(Lane lane);

    /// <summary>One member less on that lane; a lane without members is not woken for the room.</summary>
    void CountOut(int laneIndex, ILaneClient client);

    /// <summary>Reads the kept messages for members that catch up; null for a room without history.</summary>
    ICatchUpSource? CatchUpSource { get; }
}
