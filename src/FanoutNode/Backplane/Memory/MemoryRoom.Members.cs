namespace Fanout.Node.Backplane.Memory;

/// <summary>The part of a room in memory that knows who is in it: the same steps as member_enter.lua and member_leave.lua.</summary>
internal sealed partial class MemoryRoom
{
    private readonly Dictionary<string, string> _leaving = [];

    /// <param name="replaced">The lost connection whose place the member took, and of which nobody was told; null: none.</param>
    /// <returns>Whether the member was not in the room.</returns>
    public bool Enter(RoomMember member, bool hasPresence, out RoomMember? replaced)
    {
        replaced = null;
        if (!Members.TryAdd(member.ClientId, member))
            return false;
        if (!hasPresence)
            return true;
        // The user is back in time: the new connection takes the lost one's place, and no member is told.
        if (member.UserId is not null && _leaving.Remove(member.UserId, out var lost) && Members.Remove(lost, out replaced))
            return true;
        Tell(ChannelFrame.WritePresence(isJoin: true, PresenceNotice.Write(member.ClientId, member.UserId, member.Info)));
        return true;
    }

    /// <returns>Who has left; null if it was not there.</returns>
    public RoomMember? Leave(string clientId, bool hasPresence)
    {
        if (!Members.Remove(clientId, out var member))
            return null;
        if (member.UserId is not null && _leaving.GetValueOrDefault(member.UserId) == clientId)
            _leaving.Remove(member.UserId);
        if (hasPresence)
            Tell(ChannelFrame.WritePresence(isJoin: false, PresenceNotice.Write(member.ClientId, member.UserId, member.Info)));
        return member;
    }

    /// <summary>A node stops: whoever it left behind goes with it.</summary>
    public bool LeaveAllOf(string nodeId)
    {
        foreach (var member in Members.Values.Where(member => member.NodeId == nodeId).ToList())
            Members.Remove(member.ClientId);
        return true;
    }

    public bool BeginLeaving(ClientIdentity client)
    {
        if (client.UserId is not null && Members.ContainsKey(client.ClientId))
            _leaving[client.UserId] = client.ClientId;
        return true;
    }
}
