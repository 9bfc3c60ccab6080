using Fanout.Node.History;
using Fanout.Node.Lanes;
using Fanout.Node.Lanes.Preparation;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Rooms;

/// <summary>One room on this node, from its first local member until some seconds after its last.</summary>
/// <remarks>
/// Thread-safety: <see cref="Post"/> from one thread at a time, or there would be no order. References and subscription are guarded by <see cref="Gate"/>; each entry of
/// <see cref="Members"/> belongs to its lane.
/// </remarks>
internal sealed class Room(string name, RoomPolicy policy, LaneSet lanes, MessagePreparer? preparer = null) : IRoomMembers, IPreparedRoom
{
    private readonly int[] _laneCounts = new int[lanes.Count];
    private FormCounts _forms;
    private PreparationQueue? _preparing;

    public string Name { get; } = name;

    public RoomPolicy Policy { get; } = policy;

    public bool KeepsNewestOnly => Policy.Overflow == Overflow.Latest;

    public bool IsForOperators { get; } = RoomName.IsOpsRoom(name);

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
    public void CountIn(int laneIndex, ILaneClient client)
    {
        Interlocked.Increment(ref _laneCounts[laneIndex]);
        _forms.Add(client, 1);
    }

    public void CountOut(int laneIndex, ILaneClient client)
    {
        Interlocked.Decrement(ref _laneCounts[laneIndex]);
        _forms.Add(client, -1);
    }

    /// <summary>Members on this node.</summary>
    public int LocalMembers
    {
        get
        {
            var members = 0;
            for (var index = 0; index < _laneCounts.Length; index++)
                members += Volatile.Read(ref _laneCounts[index]);
            return members;
        }
    }

    /// <summary>
    /// Messages that went to the lanes so far. Whoever posts has the room's order to keep, and so is alone; a lost count would do no harm.
    /// </summary>
    public long Posted { get; private set; }

    /// <summary>
    /// <see cref="Posted"/> when the console last looked, and the timestamp of that look; 0 before the first. Here, since a table beside 100,000 rooms
    /// would cost every collection of the garbage. Used by the console's reporter alone.
    /// </summary>
    public (long At, long Posted) LastLook { get; set; }

    /// <summary>Makes messages ready away from the lanes; null where that is not done.</summary>
    public MessagePreparer? Preparer => preparer;

    /// <summary>Hands a message to all lanes that have members; a costly one is made ready first. The next one is not before it in any case.</summary>
    /// <returns>How many lanes will not get it: too much waits, and there is no history to read it from later.</returns>
    public int Post(RoomMessage message)
    {
        Posted++;
        if (_preparing is not { IsBusy: true } && preparer?.CostlyForms(message, _forms.InUse) is null or MessageForms.None)
            return PostNow(message);
        if (_preparing is null)
            Interlocked.CompareExchange(ref _preparing, new PreparationQueue(preparer!, this), null);
        return _preparing.Add(message) ? lanes.Count : 0;
    }

    /// <summary>Hands work that concerns this room to a lane, behind all messages that were posted before.</summary>
    public void PostBehind(Lane lane, ILaneWork work)
    {
        if (_preparing?.TryAddBehind(work, lane) is not true)
            lane.Post(work);
    }

    /// <summary>Hands work to all lanes that have members, behind all messages that were posted before; the work must not keep state.</summary>
    public void PostToOccupied(ILaneWork work)
    {
        if (_preparing?.TryAddBehind(work, lane: null) is not true)
            PostToOccupiedNow(work);
    }

    /// <summary>
    /// Hands a notice for the members to all lanes that have some, behind all messages that were posted before. It is counted among the messages, and
    /// refused like them.
    /// </summary>
    /// <returns>How many lanes will not get it.</returns>
    public int PostNotice(ILaneWork notice) => _preparing?.TryAddNotice(notice) switch
    {
        null => PostNoticeNow(notice),
        true => 0,
        false => lanes.Count,
    };

    MessageForms IPreparedRoom.FormsInUse => _forms.InUse;

    public int PostNow(RoomMessage message)
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

    void IPreparedRoom.FallBehindNow()
    {
        for (var index = 0; index < _laneCounts.Length; index++)
        {
            if (Volatile.Read(ref _laneCounts[index]) > 0)
                OnLane(lanes[index]).FallBehind(lanes[index]);
        }
    }

    public int PostNoticeNow(ILaneWork notice)
    {
        var lost = 0;
        for (var index = 0; index < _laneCounts.Length; index++)
        {
            if (Volatile.Read(ref _laneCounts[index]) > 0 && !lanes[index].TryPost(notice))
                lost++;
        }

        return lost;
    }

    public void PostToOccupiedNow(ILaneWork work)
    {
        for (var index = 0; index < _laneCounts.Length; index++)
        {
            if (Volatile.Read(ref _laneCounts[index]) > 0)
                lanes[index].Post(work);
        }
    }
}
