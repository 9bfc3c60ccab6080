using Fanout.Node.Backplane;
using Fanout.Node.Connections.Framing;
using Fanout.Node.Lanes;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Rooms;

/// <summary>Tells every client of the node when the backplane's state changes.</summary>
internal sealed class BackplaneNotices(LaneSet lanes)
{
    public void Announce(BackplaneState state)
    {
        var message = new BackplaneMessage(state.ToWire());
        lanes.PostToAll(new SendToAllWork(ServerFrames.Encode(WireFormat.Json, message), ServerFrames.Encode(WireFormat.MessagePack, message)));
    }
}
