using Fanout.Node.Diagnostics;
using Fanout.Shared.Rooms;
using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>Removes the members of nodes that died without saying so.</summary>
/// <remarks>
/// 1 find leases that ran out -> 2 claim one, for a while, so that one reaper works on it and another follows if that one dies -> 3 remove its
/// members, room by room, in chunks -> 4 take it off the list, last of all.
/// </remarks>
internal sealed partial class NodeReaper(
    RedisLink link, RedisKeys keys, NodeIdentity node, MembershipStore store, WebhookMarks marks, LeaseOptions options, FanoutMetrics metrics, ILogger<NodeReaper> logger)
    : INodeReaper
{
    private const int MostAtOnce = 16;
    private const int ChunkSize = 500;
    private static readonly RedisScript Expired = RedisScript.Named("lease_expired");
    private static readonly RedisScript Claim = RedisScript.Named("lease_claim");

    public async Task ReapAsync(CancellationToken cancellation)
    {
        // 1
        var dead = (string[])(await Expired.RunAsync(link.Database, [keys.Nodes], (long)options.Expire.TotalMilliseconds, MostAtOnce))!;
        foreach (var id in dead.Where(id => id != node.Id))
        {
            // 2
            if (!(bool)await Claim.RunAsync(link.Database, [keys.NodeClaim(id)], node.Id, (long)options.Expire.TotalMilliseconds))
                continue;
            var members = await RemoveAsync(id, cancellation);
            metrics.LeaseReaped();
            LogReaped(logger, id, members);
        }
    }

    /// <summary>Removes an incarnation: its members with notices where the room has presence, its notes, and its lease last.</summary>
    /// <returns>How many memberships it had.</returns>
    public async Task<long> RemoveAsync(string id, CancellationToken cancellation)
    {
        var database = link.Database;
        var members = 0L;
        // The last that was heard of the node, and so of its users.
        var lastBeat = (long?)await database.SortedSetScoreAsync(keys.Nodes, id);

        // 3
        await foreach (var room in database.SetScanAsync(keys.NodeRooms(id), pageSize: ChunkSize).WithCancellation(cancellation))
        {
            members += await TryRemoveMembersAsync(database, room.ToString(), id, lastBeat, cancellation);
            // Whatever the node did not live to mark; before the note goes, or a reaper that dies here would leave it unmarked too.
            await marks.MarkAsync(marks.AllOf(room.ToString()));
            await database.SetRemoveAsync(keys.NodeRooms(id), room);
            // A large node takes longer than the claim lasts; who works keeps it.
            await database.KeyExpireAsync(keys.NodeClaim(id), options.Expire);
        }

        // 4
        await database.KeyDeleteAsync(keys.NodeRooms(id));
        await database.KeyDeleteAsync(keys.NodeClients(id));
        await database.KeyDeleteAsync(keys.Node(id));
        await database.SortedSetRemoveAsync(keys.Nodes, id);
        await database.KeyDeleteAsync(keys.NodeClaim(id));
        return members;
    }

    // One room whose members cannot be read must not keep those of all others for ever. While Redis takes no writes at all, the note of the
    // room cannot be removed either, and everything is tried again.
    private async Task<long> TryRemoveMembersAsync(IDatabaseAsync database, string room, string id, long? lastBeat, CancellationToken cancellation)
    {
        try
        {
            return await RemoveMembersAsync(database, room, id, lastBeat, cancellation);
        }
        catch (Exception e) when (RedisFaults.IsRefusal(e))
        {
            LogSkipped(logger, room, id, e.Message);
            return 0;
        }
    }

    private async Task<long> RemoveMembersAsync(IDatabaseAsync database, string room, string id, long? lastBeat, CancellationToken cancellation)
    {
        var removed = 0L;
        var chunk = new List<RedisValue>(ChunkSize);
        // A node id has no glob characters.
        await foreach (var entry in database.SetScanAsync(keys.Members(room), id + "/*", ChunkSize).WithCancellation(cancellation))
        {
            chunk.Add(entry);
            if (chunk.Count < ChunkSize)
                continue;
            removed += await RemoveChunkAsync(database, room, id, lastBeat, chunk);
            chunk.Clear();
        }

        if (chunk.Count > 0)
            removed += await RemoveChunkAsync(database, room, id, lastBeat, chunk);
        return removed;
    }

    private async Task<long> RemoveChunkAsync(IDatabaseAsync database, string room, string id, long? lastBeat, List<RedisValue> chunk)
    {
        if (!store.HasPresence(room))
            return RoomName.IsUserRoom(room) ? await store.LeaveUserRoomAsync(room, [.. chunk], lastBeat) : await database.SetRemoveAsync(keys.Members(room), [.. chunk]);
        var clients = chunk.Select(entry => (RedisValue)RedisKeys.SplitMember(entry.ToString()).ClientId).ToArray();
        var records = await database.HashGetAsync(keys.NodeClients(id), clients);
        await Task.WhenAll(clients.Zip(records, (client, record) => store.LeaveWithPresenceAsync(id, room, ClientRecord.Read(id, client.ToString(), record), lastBeat)));
        return clients.Length;
    }

    [LoggerMessage(1260, LogLevel.Warning, "Node {NodeId} is dead: its lease ran out; removed its {Members} memberships", EventName = "NodeReaped")]
    private static partial void LogReaped(ILogger logger, string nodeId, long members);

    [LoggerMessage(1261, LogLevel.Error, "Redis refuses to take the members of dead node {NodeId} out of room {Room}: {Reason}", EventName = "ReapSkipped")]
    private static partial void LogSkipped(ILogger logger, string room, string nodeId, string reason);
}
