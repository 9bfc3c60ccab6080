using Fanout.Node.Rooms;

namespace Fanout.Node.Backplane.Memory;

/// <summary>Who is in which room, in this process.</summary>
internal sealed class MemoryMembership(string nodeId, MemoryBroker broker, RoomPolicies policies) : IMembership
{
    public ValueTask<long> AddAsync(string room, ClientIdentity client) => ValueTask.FromResult(broker.With(room, found =>
    {
        var member = new RoomMember(client.ClientId, nodeId, client.UserId, client.Info, client.ConnectedAt);
        if (found.Enter(member, policies.For(room).Presence, out var replaced))
            broker.Webhooks?.OnMember(room, member, hasJoined: true, replaced?.ClientId);
        // Behind it, so that the user is never seen to be gone.
        if (replaced is not null)
            broker.Webhooks?.OnMember(room, replaced, hasJoined: false, member.ClientId);
        if (found.Members.Count == 1)
            broker.Webhooks?.OnOccupancy(room, isOccupied: true);
        return (long)found.Members.Count;
    }));

    public ValueTask RemoveAsync(string room, ClientIdentity client)
    {
        broker.With(room, found =>
        {
            var left = found.Leave(client.ClientId, policies.For(room).Presence);
            if (left is not null)
                broker.Webhooks?.OnMember(room, left, hasJoined: false);
            if (found.Members.Count > 0)
                return true;
            if (left is not null)
                broker.LastSeen.Note(room);
            broker.Webhooks?.OnOccupancy(room, isOccupied: false);
            return true;
        });
        return ValueTask.CompletedTask;
    }

    public ValueTask BeginLeavingAsync(string room, ClientIdentity client)
    {
        broker.With(room, found => found.BeginLeaving(client));
        return ValueTask.CompletedTask;
    }

    public ValueTask<long> CountAsync(string room) => ValueTask.FromResult(broker.With(room, found => (long)found.Members.Count));

    public ValueTask<RoomCounts> CountUsersAsync(string room) => ValueTask.FromResult(broker.With(room, found =>
        new RoomCounts(found.Members.Count, found.Members.Values.Where(m => m.UserId is not null).Select(m => m.UserId).Distinct().Count())));

    public ValueTask<Page<RoomMember>> ListAsync(string room, string? after, int limit) => ValueTask.FromResult(broker.With(room, found =>
        Paging.Cut(found.Members.Values, member => member.ClientId, after, limit)));

    public ValueTask<DateTimeOffset?> LastSeenAsync(string userRoom) => ValueTask.FromResult(broker.LastSeen.Of(userRoom));

    public ValueTask<Page<RoomSummary>> ListRoomsAsync(string prefix, string? after, int limit) => ValueTask.FromResult(Paging.Cut(
        broker.OccupiedRooms().Where(room => room.Room.StartsWith(prefix, StringComparison.Ordinal)).OrderBy(room => room.Room, StringComparer.Ordinal),
        room => room.Room,
        after,
        limit));
}
