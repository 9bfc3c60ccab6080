using Fanout.Node.History;
using Fanout.Node.Lanes;

namespace Fanout.Node.Rooms;

/// <summary>One room on this node, from its first local member until some seconds after its last.</summary>
/// <remarks>
/// Thread-safety: <see cref="Post"/> from anywhere. References and subscription are guarded by <see cref="Gate"/>; each entry of
/// <see cref="Members"/> belongs to its lane.
/// </remarks>
internal sealed class Room(string name, RoomPolicy policy, LaneSet lanes) : IRoomMembers
{
    private readonly int[] _laneCounts = new int[lanes.Count];

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

    /// <summary>Follows the room's offsets; null where it keeps no history.</summary>
    public Sequencer? Sequencer { get; private set; }

    ICatchUpSource? IRoomMembers.CatchUpSource => Sequencer;

    /// <summary>Gives a room with history its sequencer, before anybody else sees the room.</summary>
    public void UseSequencer(Sequencer sequencer) => Sequencer = sequencer;

    /// <summary>One member more on a lane. Counted when the member is sent on its way there, so that no message falls between.</summary>
    public void CountIn(int laneIndex) => Interlocked.Increment(ref _laneCounts[laneIndex]);

    public void CountOut(int laneIndex) => Interlocked.Decrement(ref _laneCounts[laneIndex]);

    /// <summary>Hands a message to all lanes that have members.</summary>
    /// <returns>How many lanes were too full to take it and have no history to read it from later.</returns>
    public int Post(RoomMessage message)
    {
        var lost = 0;
        message.Trace?.Begin(lanes[0].Time);
        for (var index = 0; index < _laneCounts.Length; index++)
        {
            if (Volatile.Read(ref _laneCounts[index]) <= 0 || lanes[index].TryPostMessage(message))
                continue;
            if (message.Offset is not null)
                OnLane(lanes[index]).FallBehind(lanes[index]);
            else
                lost++;
        }

        message.Trace?.Done(message, 0, []);
        return lost;
    }

    /// <summary>Hands work to all lanes that have members; the work must not keep state.</summary>
    public void PostToOccupied(ILaneWork work)
    {
        for (var index = 0; index < _laneCounts.Length; index++)
        {
            if (Volatile.Read(ref _laneCounts[index]) > 0)
                lanes[index].Post(work);
        }
    }
}
