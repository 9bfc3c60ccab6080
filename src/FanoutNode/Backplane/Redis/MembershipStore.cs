using Fanout.Node.Rooms;
using Fanout.Node.Webhooks;
using Fanout.Shared.Rooms;
using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>The commands that change a room's members in Redis. Rooms with presence use a script each, which tells the members too.</summary>
internal sealed class MembershipStore(RedisLink link, RedisKeys keys, RoomPolicies policies, UserOptions users, WebhookPlan webhooks, TimeProvider time)
{
    private static readonly RedisScript EnterScript = RedisScript.Named("member_enter");
    private static readonly RedisScript LeaveScript = RedisScript.Named("member_leave");
    private static readonly RedisScript UserLeaveScript = RedisScript.Named("user_leave");

    public bool HasPresence(string room) => policies.For(room).Presence;

    /// <summary>Sends changes of one room without waiting. What happens to one command is nothing to the others.</summary>
    /// <param name="changes">Either all of them in, or all of them out.</param>
    public IEnumerable<MembershipWrite> Write(string nodeId, string room, IReadOnlyList<MembershipChange> changes)
    {
        if (!HasPresence(room))
            return [new MembershipWrite(room, changes, WritePlainAsync(nodeId, room, changes))];
        return changes.Select(change => new MembershipWrite(room, [change], WriteWithPresenceAsync(nodeId, room, change))).ToList();
    }

    /// <summary>How many members the room has, on all nodes.</summary>
    public Task<long> CountAsync(string room) => link.Database.SetLengthAsync(keys.Members(room));

    /// <summary>Takes a member out of a room with presence, with a notice to the others.</summary>
    /// <param name="at">When it left, in Redis's clock; null: now.</param>
    public async Task LeaveWithPresenceAsync(string nodeId, string room, RoomMember member, long? at = null)
    {
        var notesTime = RoomName.IsUserRoom(room) && users.LastSeenFor > TimeSpan.Zero;
        await LeaveScript.RunAsync(
            link.Database,
            [.. PresenceKeys(room), keys.Seen(room)],
            keys.Channel(room),
            RedisKeys.MemberEntry(nodeId, member.ClientId),
            member.ClientId,
            member.UserId ?? "",
            PresenceNotice.Write(member.ClientId, member.UserId, member.Info),
            EventFor(WebhookEvents.MemberLeft, room, member),
            notesTime ? (long)users.LastSeenFor.TotalMilliseconds : 0,
            at ?? RedisValue.EmptyString);
    }

    /// <summary>Takes members out of a user's room, which notes when the last of them went.</summary>
    /// <param name="at">When they left, in Redis's clock; null: now.</param>
    /// <returns>How many were in it.</returns>
    public async Task<long> LeaveUserRoomAsync(string room, RedisValue[] entries, long? at = null) => (long)await UserLeaveScript.RunAsync(
        link.Database, [keys.Members(room), keys.Seen(room)], [at ?? RedisValue.EmptyString, (long)users.LastSeenFor.TotalMilliseconds, .. entries]);

    // Asynchronous from the first line on: what cannot even be sent fails its own task.
    private async Task WritePlainAsync(string nodeId, string room, IReadOnlyList<MembershipChange> changes)
    {
        var database = link.Database;
        var entries = changes.Select(change => (RedisValue)RedisKeys.MemberEntry(nodeId, change.Client.ClientId)).ToArray();
        var moved = changes.Where(change => change.PreviousNode is not null)
            .Select(change => (RedisValue)RedisKeys.MemberEntry(change.PreviousNode!, change.Client.ClientId)).ToArray();
        if (!changes[0].IsIn && RoomName.IsUserRoom(room))
        {
            // Where the entry that is there is the one of the incarnation before, it is that one's end which tells when the user was seen.
            await LeaveUserRoomAsync(room, [.. entries, .. moved]);
            return;
        }

        var write = changes[0].IsIn ? database.SetAddAsync(keys.Members(room), entries) : database.SetRemoveAsync(keys.Members(room), entries);
        await Task.WhenAll(write, moved.Length > 0 ? database.SetRemoveAsync(keys.Members(room), moved) : Task.CompletedTask);
    }

    private async Task WriteWithPresenceAsync(string nodeId, string room, MembershipChange change)
    {
        var write = WriteOneWithPresenceAsync(nodeId, room, change);
        var moved = change is { IsIn: false, PreviousNode: { } before } ? WriteOneWithPresenceAsync(before, room, change) : Task.CompletedTask;
        await Task.WhenAll(write, moved);
    }

    private Task WriteOneWithPresenceAsync(string nodeId, string room, in MembershipChange change)
    {
        var client = change.Client;
        var entry = RedisKeys.MemberEntry(nodeId, client.ClientId);
        return change.Wish switch
        {
            MembershipWish.In => EnterScript.RunAsync(
                link.Database,
                PresenceKeys(room),
                [
                    keys.Channel(room),
                    entry,
                    client.ClientId,
                    client.UserId ?? "",
                    client.Info is { } info ? info.Bytes : (RedisValue)"null",
                    PresenceNotice.Write(client.ClientId, client.UserId, client.Info),
                    change.PreviousNode is { } before ? RedisKeys.MemberEntry(before, client.ClientId) : "",
                    EventFor(WebhookEvents.MemberJoined, room, new RoomMember(client.ClientId, nodeId, client.UserId, client.Info, null)),
                    .. ReplacedEvent(room, client),
                ]),
            MembershipWish.Leaving when client.UserId is not null => link.Database.HashSetAsync(keys.Leaving(room), client.UserId, entry),
            MembershipWish.Leaving => Task.CompletedTask,
            _ => LeaveWithPresenceAsync(nodeId, room, new RoomMember(client.ClientId, nodeId, client.UserId, client.Info, null)),
        };
    }

    private RedisKey[] PresenceKeys(string room) => [keys.Members(room), keys.Info(room), keys.Users(room), keys.Leaving(room), keys.RoomEvents(room)];

    // The script puts the connection in whose place is taken between the two.
    private RedisValue[] ReplacedEvent(string room, in ClientIdentity client)
    {
        if (client.UserId is null || !webhooks.IsOn || !webhooks.Wants(WebhookEvents.MemberLeft, room))
            return ["", ""];
        var (head, tail) = WebhookEvents.WriteReplaced(room, client.UserId, client.ClientId, time.GetUtcNow());
        return [head, tail];
    }

    // The script keeps it if the member really came or went, and in the same step.
    private RedisValue EventFor(string type, string room, RoomMember member) =>
        webhooks.IsOn && webhooks.Wants(type, room) ? WebhookEvents.WriteMember(type, room, member, time.GetUtcNow()) : "";
}
