using Fanout.Node.Lanes;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Rooms;

/// <summary><c>$all</c>: reaches every connection of every node. It has no members, no history, and nobody joins it.</summary>
internal sealed class AllRoom(LaneSet lanes) : IRoomMembers
{
    public string Name => RoomName.All;

    public bool KeepsNewestOnly => false;

    public LaneRoom?[] Members { get; } = new LaneRoom?[lanes.Count];

    public ICatchUpSource? CatchUpSource => null;

    public LaneRoom OnLane(Lane lane) => Members[lane.Index] ??= new LaneRoom(this, lane.Index);

    public void CountOut(int laneIndex)
    {
    }

    public void Post(RoomMessage message)
    {
        if (message.Trace is { } trace)
        {
            trace.Begin(lanes[0].Time);
            for (var i = 1; i < lanes.Count; i++)
                trace.Expect();
        }

        lanes.PostToAll(new SendMessageToAllWork(message));
    }
}
