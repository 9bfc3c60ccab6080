using Fanout.Node.Rooms;
using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>The commands that change a room's members in Redis. Rooms with presence use a script each, which tells the members too.</summary>
internal sealed class MembershipStore(RedisLink link, RedisKeys keys, RoomPolicies policies)
{
    private static readonly RedisScript EnterScript = RedisScript.Named("member_enter");
    private static readonly RedisScript LeaveScript = RedisScript.Named("member_leave");

    public bool HasPresence(string room) => policies.For(room).Presence;

    /// <summary>Sends all changes of one room without waiting; the tasks end when Redis has them.</summary>
    public void Write(string nodeId, string room, IReadOnlyCollection<MembershipChange> changes, List<Task> writes)
    {
        if (HasPresence(room))
        {
            foreach (var change in changes)
            {
                writes.Add(WriteWithPresenceAsync(nodeId, room, change));
                if (change is { IsIn: false, PreviousNode: { } before })
                    writes.Add(WriteWithPresenceAsync(before, room, change));
            }

            return;
        }

        var database = link.Database;
        var entering = Entries(nodeId, changes.Where(change => change.IsIn));
        var leaving = Entries(nodeId, changes.Where(change => !change.IsIn));
        var moved = changes.Where(change => change.PreviousNode is not null)
            .Select(change => (RedisValue)RedisKeys.MemberEntry(change.PreviousNode!, change.Client.ClientId)).ToArray();
        if (entering.Length > 0)
            writes.Add(database.SetAddAsync(keys.Members(room), entering));
        if (leaving.Length > 0)
            writes.Add(database.SetRemoveAsync(keys.Members(room), leaving));
        if (moved.Length > 0)
            writes.Add(database.SetRemoveAsync(keys.Members(room), moved));
    }

    /// <summary>Takes a member out of a room with presence, with a notice to the others.</summary>
    public Task LeaveWithPresenceAsync(string nodeId, string room, RoomMember member) => LeaveScript.RunAsync(
        link.Database,
        PresenceKeys(room),
        keys.Channel(room),
        RedisKeys.MemberEntry(nodeId, member.ClientId),
        member.ClientId,
        member.UserId ?? "",
        PresenceNotice.Write(member.ClientId, member.UserId, member.Info));

    private Task WriteWithPresenceAsync(string nodeId, string room, in MembershipChange change)
    {
        var client = change.Client;
        var entry = RedisKeys.MemberEntry(nodeId, client.ClientId);
        return change.Wish switch
        {
            MembershipWish.In => EnterScript.RunAsync(
                link.Database,
                PresenceKeys(room),
                keys.Channel(room),
                entry,
                client.ClientId,
                client.UserId ?? "",
                client.Info is { } info ? info.Bytes : (RedisValue)"null",
                PresenceNotice.Write(client.ClientId, client.UserId, client.Info),
                change.PreviousNode is { } before ? RedisKeys.MemberEntry(before, client.ClientId) : ""),
            MembershipWish.Leaving when client.UserId is not null => link.Database.HashSetAsync(keys.Leaving(room), client.UserId, entry),
            MembershipWish.Leaving => Task.CompletedTask,
            _ => LeaveWithPresenceAsync(nodeId, room, new RoomMember(client.ClientId, nodeId, client.UserId, client.Info, null)),
        };
    }

    private RedisKey[] PresenceKeys(string room) => [keys.Members(room), keys.Info(room), keys.Users(room), keys.Leaving(room)];

    private static RedisValue[] Entries(string nodeId, IEnumerable<MembershipChange> changes) =>
        [.. changes.Select(change => (RedisValue)RedisKeys.MemberEntry(nodeId, change.Client.ClientId))];
}
