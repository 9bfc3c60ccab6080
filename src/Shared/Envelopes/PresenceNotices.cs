using Fanout.Shared.Codecs;
using Fanout.Shared.Protocol;

namespace Fanout.Shared.Envelopes;

/// <summary>Somebody entered or left a room with presence; goes to members that asked for it.</summary>
public readonly record struct PresenceNoticeMessage(string Room, bool IsJoin, Member Member) : IServerMessage
{
    public void Write(ref EnvelopeWriter writer)
    {
        var map = writer.BeginAnswer(IsJoin ? MessageTypes.PresenceJoin : MessageTypes.PresenceLeave, null, Room);
        writer.Name("payload"u8);
        Member.Write(ref writer);
        writer.EndMap(map);
    }
}
