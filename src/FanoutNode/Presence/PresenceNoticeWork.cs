using Fanout.Node.Connections.Framing;
using Fanout.Node.Lanes;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Presence;

/// <summary>
/// Tells the members of a room on a lane that asked for it who came or went. Keeps no state, so that one serves all lanes. Posted as counted work:
/// how many of them there are is up to whoever comes and goes.
/// </summary>
internal sealed class PresenceNoticeWork(IRoomMembers room, PresenceNoticeMessage notice) : ILaneWork
{
    private readonly PresenceFrames _frames = new(
        notice.Member.ClientId, ServerFrames.Encode(WireFormat.Json, notice), ServerFrames.Encode(WireFormat.MessagePack, notice));

    public void Run(Lane lane)
    {
        lane.CountOut();
        room.OnLane(lane).Notice(lane, _frames);
    }
}
