using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>Who is in which room, read from Redis: right across nodes, without asking any of them.</summary>
internal sealed class RedisMembership(RedisLink link, RedisKeys keys, MembershipStore store, MembershipWriter writer, RoomListing rooms) : IMembership
{
    private const int ScanPageSize = 1000;

    public async ValueTask<long> AddAsync(string room, ClientIdentity client) => await writer.SetAsync(room, client, MembershipWish.In);

    public async ValueTask RemoveAsync(string room, ClientIdentity client) => await writer.SetAsync(room, client, MembershipWish.Out);

    public async ValueTask BeginLeavingAsync(string room, ClientIdentity client) => await writer.SetAsync(room, client, MembershipWish.Leaving);

    public async ValueTask<long> CountAsync(string room)
    {
        try
        {
            return await link.Database.SetLengthAsync(keys.Members(room));
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            throw RedisFaults.Wrap(e);
        }
    }

    public async ValueTask<RoomCounts> CountUsersAsync(string room)
    {
        try
        {
            if (store.HasPresence(room))
            {
                var count = link.Database.SetLengthAsync(keys.Members(room));
                return new RoomCounts(await count, await link.Database.HashLengthAsync(keys.Users(room)));
            }

            var entries = await ReadEntriesAsync(room);
            var members = await ResolveAsync(entries);
            return new RoomCounts(entries.Count, members.Where(member => member.UserId is not null).Select(member => member.UserId).Distinct().Count());
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            throw RedisFaults.Wrap(e);
        }
    }

    public async ValueTask<Page<RoomMember>> ListAsync(string room, string? after, int limit)
    {
        try
        {
            var entries = await ReadEntriesAsync(room);
            entries.Sort((a, b) => string.CompareOrdinal(a.ClientId, b.ClientId));
            var page = Paging.Cut(entries, entry => entry.ClientId, after, limit);
            return new Page<RoomMember>(await ResolveAsync(page.Items), page.Next);
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            throw RedisFaults.Wrap(e);
        }
    }

    public async ValueTask<DateTimeOffset?> LastSeenAsync(string userRoom)
    {
        try
        {
            return (long?)await link.Database.StringGetAsync(keys.Seen(userRoom)) is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            throw RedisFaults.Wrap(e);
        }
    }

    public async ValueTask<Page<RoomSummary>> ListRoomsAsync(string prefix, string? after, int limit)
    {
        try
        {
            // A room can lose its last member between the two looks; it is left out, and the cursor still moves on.
            var page = await rooms.ReadAsync(prefix, after, limit);
            var counts = await Task.WhenAll(page.Items.Select(room => link.Database.SetLengthAsync(keys.Members(room))));
            return new Page<RoomSummary>([.. page.Items.Zip(counts, (room, members) => new RoomSummary(room, members)).Where(room => room.Members > 0)], page.Next);
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            throw RedisFaults.Wrap(e);
        }
    }

    private async Task<List<(string NodeId, string ClientId)>> ReadEntriesAsync(string room)
    {
        var entries = new List<(string, string)>();
        // SSCAN may name an entry twice while the set changes.
        var seen = new HashSet<string>();
        await foreach (var entry in link.Database.SetScanAsync(keys.Members(room), pageSize: ScanPageSize))
        {
            if (seen.Add(entry.ToString()))
                entries.Add(RedisKeys.SplitMember(entry.ToString()));
        }

        return entries;
    }

    private async Task<List<RoomMember>> ResolveAsync(IReadOnlyList<(string NodeId, string ClientId)> entries)
    {
        var members = new RoomMember[entries.Count];
        var lookups = entries.Select((entry, index) => (entry, index)).GroupBy(item => item.entry.NodeId).Select(async group =>
        {
            var items = group.ToArray();
            var records = await link.Database.HashGetAsync(keys.NodeClients(group.Key), [.. items.Select(item => (RedisValue)item.entry.ClientId)]);
            for (var i = 0; i < items.Length; i++)
                members[items[i].index] = ClientRecord.Read(group.Key, items[i].entry.ClientId, records[i]);
        });
        await Task.WhenAll(lookups);
        return [.. members];
    }
}
