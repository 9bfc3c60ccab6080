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

    /// <summary>Hands a message to all lanes; a costly one is made ready first.</summary>
    public void Post(RoomMessage message)
    {
        if (!_preparing.IsBusy && _preparer.CostlyForms(message, FormsInUse) is MessageForms.None)
            PostNow(message);
        else if (_preparing.Add(message))
            _preparer.Metrics.Dropped(DropReason.LaneFull, _lanes.Count);
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
        _lanes.PostToAll(new SendMessageToAllWork(message));
        return 0;
    }

    public void PostToOccupiedNow(ILaneWork work) => _lanes.PostToAll(work);

    public void FallBehindNow()
    {
    }
}
