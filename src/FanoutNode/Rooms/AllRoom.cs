using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes;
using Fanout.Node.Lanes.Preparation;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Rooms;

/// <summary><c>$all</c>: reaches every connection of every node. It has no members, no history, and nobody joins it.</summary>
internal sealed class AllRoom : IRoomMembers, IPreparedRoom
{
    private readonly LaneSet _lanes;
    private readonly MessagePreparer _preparer;
    private readonly PreparationQueue _preparing;

    public AllRoom(LaneSet lanes, MessagePreparer preparer)
    {
        (_lanes, _preparer) = (lanes, preparer);
        _preparing = new PreparationQueue(preparer, this);
        Members = new LaneRoom?[lanes.Count];
    }

    public string Name => RoomName.All;

    public bool KeepsNewestOnly => false;

    public LaneRoom?[] Members { get; }

    public ICatchUpSource? CatchUpSource => null;

    public LaneRoom OnLane(Lane lane) => Members[lane.Index] ??= new LaneRoom(this, lane.Index);

    public void CountOut(int laneIndex, ILaneClient client)
    {
    }

    /// <summary>Hands a message to all lanes; a costly one is made ready first. A lane that has too many waiting does without it, and it is counted.</summary>
    public void Post(RoomMessage message)
    {
        var lost = !_preparing.IsBusy && _preparer.CostlyForms(message, FormsInUse) is MessageForms.None ? PostNow(message)
            : _preparing.Add(message) ? _lanes.Count
            : 0;
        if (lost > 0)
            _preparer.Metrics.Dropped(DropReason.LaneFull, lost);
    }

    public MessageForms FormsInUse
    {
        get
        {
            var forms = MessageForms.None;
            for (var i = 0; i < _lanes.Count; i++)
                forms |= _lanes[i].Forms.InUse;
            return forms;
        }
    }

    public int PostNow(RoomMessage message)
    {
        var lost = 0;
        var work = new SendMessageToAllWork(message);
        message.Trace?.Begin(_lanes[0].Time);
        for (var i = 0; i < _lanes.Count; i++)
        {
            // Expected before it is posted, or a quick lane would end the trace; what is lost then is done at once.
            message.Trace?.Expect();
            if (_lanes[i].TryPost(work))
                continue;
            lost++;
            message.Trace?.Done(message, 0, []);
        }

        message.Trace?.Done(message, 0, []);
        return lost;
    }

    public void PostToOccupiedNow(ILaneWork work) => _lanes.PostToAll(work);

    // Nobody joins it.
    public int PostNoticeNow(ILaneWork notice) => 0;

    public void FallBehindNow()
    {
    }
}
