using System.Text.Json.Nodes;
using Fanout.Tests.Chaos.Recordings;
using Fanout.Tests.Chaos.Workload;
using Fanout.Tests.TestKit.Api;
using Fanout.Tests.TestKit.Clients;
using StackExchange.Redis;

namespace Fanout.Tests.Chaos.Cluster;

/// <summary>Reads from Redis and the API what is left when all is quiet.</summary>
internal sealed class FinalLook(Fleet fleet, ConnectionMultiplexer admin, IReadOnlyList<Subscriber> subscribers)
{
    private const string Prefix = "fanout:";
    private const int PageSize = 1000;

    /// <summary>Where each room with history is, by the API of each node in turn.</summary>
    public async Task<IReadOnlyDictionary<string, Position>> PositionsAsync()
    {
        var positions = new Dictionary<string, Position>();
        using var api = new ApiClient(fleet.Slots[0].BaseUri);
        foreach (var room in Room.All.Where(room => room.Rules.Kind != RoomKind.Live))
        {
            var answer = (await api.RoomAsync(room.Name)).Ok;
            positions[room.Name] = new Position(answer.Text("epoch")!, answer.Offset()!.Value);
        }

        return positions;
    }

    public async Task<FinalState> ReadAsync()
    {
        var database = admin.GetDatabase();
        var positions = await PositionsAsync();
        var rooms = new List<FinalRoom>();
        foreach (var room in Room.All)
        {
            var entries = await database.SetMembersAsync($"{Prefix}{{{room.Name}}}:members");
            rooms.Add(new FinalRoom(
                room.Name,
                positions.TryGetValue(room.Name, out var position) ? position : null,
                room.Rules.Kind == RoomKind.Live ? [] : await HistoryAsync(room.Name),
                LiveMembers(room.Name),
                [.. entries.Select(entry => entry.ToString())]));
        }

        var leased = await database.SortedSetRangeByRankAsync(Prefix + "nodes");
        return new FinalState(
            rooms, [.. fleet.Slots.Select(slot => slot.Name)], [.. leased.Select(id => id.ToString())], await ListsAsync(), await NodeKeysAsync());
    }

    private Dictionary<string, string> LiveMembers(string room) => subscribers
        .Select(subscriber => subscriber.Session)
        .Where(session => session is { ClientId: not null } && session.Positions.Any(seat => seat.Room == room))
        .ToDictionary(session => session!.ClientId!, session => session!.NodeName);

    // From another node than the one that told the position: all must say the same.
    private async Task<IReadOnlyList<KeptMessage>> HistoryAsync(string room)
    {
        using var api = new ApiClient(fleet.Slots[^1].BaseUri);
        var kept = new List<KeptMessage>();
        for (string? next = ""; next is not null;)
        {
            var page = (await api.HistoryAsync(room, $"?limit={PageSize}" + (next.Length == 0 ? "" : "&after=" + Uri.EscapeDataString(next)))).Ok;
            kept.AddRange(page["items"]!.AsArray().Select(item => (JsonObject)item!).Select(item => new KeptMessage(item.Offset()!.Value, item.Text("id")!)));
            next = page.Text("next");
        }

        return kept;
    }

    private async Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> ListsAsync()
    {
        var lists = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var slot in fleet.Slots)
        {
            using var api = new ApiClient(slot.BaseUri);
            var items = (await api.NodesAsync()).Ok["items"]!.AsArray();
            lists[slot.Name] = [.. items.Select(item => ((JsonObject)item!).Text("name")!)];
        }

        return lists;
    }

    private async Task<IReadOnlyList<string>> NodeKeysAsync()
    {
        var keys = new List<string>();
        await foreach (var key in admin.GetServer(fleet.Redis.ConnectionString).KeysAsync(pattern: Prefix + "node:*"))
            keys.Add(key.ToString());
        return keys;
    }
}
