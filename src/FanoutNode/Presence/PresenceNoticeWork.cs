using Fanout.Node.Connections.Framing;
using Fanout.Node.Lanes;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Presence;

/// <summary>Tells the members of a room on a lane that asked for it who came or went. Keeps no state, so that one serves all lanes.</summary>
internal sealed class PresenceNoticeWork(IRoomMembers room, PresenceNoticeMessage notice) : ILaneWork
{
    private readonly byte[] _json = ServerFrames.Encode(WireFormat.Json, notice);
    private readonly byte[] _messagePack = ServerFrames.Encode(WireFormat.MessagePack, notice);

    public void Run(Lane lane)
    {
        foreach (var member in room.OnLane(lane).Everybody)
        {
            // Whoever entered knows; the answer to its join said so.
            if (member.WantsPresence && member.Client.ClientId != notice.Member.ClientId)
                member.Client.Send(member.Client.Format == WireFormat.Json ? _json : _messagePack, null);
        }
    }
}
