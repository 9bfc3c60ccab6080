using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>Who is in which room, read from Redis: right across nodes, without asking any of them.</summary>
internal sealed class RedisMembership(RedisLink link, RedisKeys keys, MembershipStore store, MembershipWriter writer, RoomListing rooms, MemberListing listing) : IMembership
{
    // Notes that one command reads: all of a large room's in one would hold Redis, and the publishes behind it, for as long as that takes.
    private const int NotesAtOnce = 1000;

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

            var entries = await listing.ReadAllAsync(room);
            var members = await ResolveAsync(entries);
            return new RoomCounts(entries.Length, members.Where(member => member.UserId is not null).Select(member => member.UserId).Distinct().Count());
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
            var (page, isKept) = await listing.ReadAsync(room, after, limit);
            var members = await ResolveAsync(page.Items);
            // Where the note is gone too, the connection has gone since the list was read.
            return new Page<RoomMember>(isKept ? members.FindAll(member => member.ConnectedAt is not null) : members, page.Next);
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

    private async Task<List<RoomMember>> ResolveAsync(IReadOnlyList<MemberListing.Entry> entries)
    {
        var members = new RoomMember[entries.Count];
        var lookups = entries.Select((entry, index) => (entry, index)).GroupBy(item => item.entry.NodeId).Select(async group =>
        {
            foreach (var items in group.Chunk(NotesAtOnce))
            {
                var records = await link.Database.HashGetAsync(keys.NodeClients(group.Key), [.. items.Select(item => (RedisValue)item.entry.ClientId)]);
                for (var i = 0; i < items.Length; i++)
                    members[items[i].index] = ClientRecord.Read(group.Key, items[i].entry.ClientId, records[i]);
            }
        });
        await Task.WhenAll(lookups);
        return [.. members];
    }
}
