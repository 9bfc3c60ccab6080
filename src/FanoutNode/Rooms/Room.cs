using Fanout.Node.Lanes;

namespace Fanout.Node.Rooms;

/// <summary>One room on this node, from its first local member until some seconds after its last.</summary>
/// <remarks>
/// Thread-safety: <see cref="Post"/> from anywhere. References and subscription are guarded by <see cref="Gate"/>; each entry of
/// <see cref="Members"/> belongs to its lane.
/// </remarks>
internal sealed class Room(string name, RoomPolicy policy, LaneSet lanes) : IRoomMembers
{
    private int _occupiedLanes;

    public string Name { get; } = name;

    public RoomPolicy Policy { get; } = policy;

    public bool KeepsNewestOnly => Policy.Overflow == Overflow.Latest;

    public LaneRoom?[] Members { get; } = new LaneRoom?[lanes.Count];

    /// <summary>Guards what follows; held for moments only, never across an await.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Sessions on this node that are in the room or about to be.</summary>
    public int References { get; set; }

    /// <summary>The subscription, confirmed or under way; null before the first and after a failed one.</summary>
    public Task? Subscription { get; set; }

    /// <summary>Set when the room has been let go; whoever still holds it must look it up again.</summary>
    public bool IsRetired { get; set; }

    /// <summary>This room's member list on a lane; made at the first use there, by whichever join comes first.</summary>
    public LaneRoom OnLane(Lane lane) =>
        Volatile.Read(ref Members[lane.Index])
        ?? Interlocked.CompareExchange(ref Members[lane.Index], new LaneRoom(this, lane.Index), null)
        ?? Members[lane.Index]!;

    /// <summary>Hands a message to all lanes that have members.</summary>
    /// <returns>How many lanes were too full to take it.</returns>
    public int Post(RoomMessage message)
    {
        var refused = 0;
        var occupied = (uint)Volatile.Read(ref _occupiedLanes);
        for (var index = 0; index < lanes.Count; index++)
        {
            if ((occupied & Bit(index)) != 0 && !lanes[index].TryPostMessage(message))
                refused++;
        }

        return refused;
    }

    public void SetOccupied(int laneIndex, bool occupied)
    {
        if (occupied)
            Interlocked.Or(ref _occupiedLanes, (int)Bit(laneIndex));
        else if (laneIndex < MaxTrackedLanes)
            Interlocked.And(ref _occupiedLanes, ~(int)Bit(laneIndex));
    }

    // Lanes beyond the 31st share the last bit, which is never cleared: they may be woken for nothing, never left out.
    private const int MaxTrackedLanes = 31;

    private static uint Bit(int laneIndex) => 1u << Math.Min(laneIndex, MaxTrackedLanes);
}
