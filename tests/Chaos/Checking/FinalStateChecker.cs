using Fanout.Tests.Chaos.Recordings;

namespace Fanout.Tests.Chaos.Checking;

/// <summary>No ghosts and nobody forgotten, once everything was healed and the leases have passed.</summary>
internal static class FinalStateChecker
{
    public static void Check(FinalState final, Func<string, RoomTruth> truthOf, IReadOnlyList<RoomRules> rules, Action<Violation> report)
    {
        foreach (var room in final.Rooms)
        {
            CheckMembers(room, final.LeasedNodes, report);
            if (room.Position is { } position)
                CheckHistory(room, position, truthOf(room.Room).Log(position.Epoch), rules.First(rule => rule.Name == room.Room), report);
        }

        CheckNodes(final, report);
    }

    private static void CheckMembers(FinalRoom room, IReadOnlyList<string> leased, Action<Violation> report)
    {
        var left = new Dictionary<string, string>(room.LiveMembers);
        foreach (var entry in room.Entries)
        {
            var slash = entry.LastIndexOf('/');
            var (node, client) = (entry[..Math.Max(slash, 0)], entry[(slash + 1)..]);
            if (!left.Remove(client, out var name))
                report(new Violation(ViolationKind.Ghost, room.Room, null, $"member {entry} is nobody's connection, or is there twice; its node has {(leased.Contains(node) ? "a" : "no")} lease"));
            else if (!IsIncarnationOf(node, name))
                report(new Violation(ViolationKind.Ghost, room.Room, null, $"member {entry} is connected to node {name}"));
        }

        foreach (var (client, name) in left)
            report(new Violation(ViolationKind.Forgotten, room.Room, null, $"client {client} of node {name} is in the room, and Redis does not know"));
    }

    private static void CheckHistory(FinalRoom room, Position position, EpochLog log, RoomRules rules, Action<Violation> report)
    {
        foreach (var kept in room.History)
        {
            if (!log.Messages.TryGetValue(kept.Offset, out var message) || message.Id != kept.Id)
                report(new Violation(ViolationKind.HistoryDiffers, room.Room, null, $"it keeps {kept.Id} at {kept.Offset}, where {message?.Id ?? "nothing"} was published"));
        }

        // Whether it may have expired by now is the TTL's business; what is there must be the newest and without holes.
        if (room.History.Count > 0 && (room.History[^1].Offset != position.Offset || room.History[^1].Offset - room.History[0].Offset >= rules.HistorySize))
            report(new Violation(ViolationKind.HistoryDiffers, room.Room, null, $"it keeps {room.History[0].Offset} to {room.History[^1].Offset} and is at {position}"));
    }

    private static void CheckNodes(FinalState final, Action<Violation> report)
    {
        foreach (var id in final.LeasedNodes.Where(id => !final.LiveNodes.Any(name => IsIncarnationOf(id, name))))
            report(new Violation(ViolationKind.Ghost, "leases", null, $"node {id} is dead"));
        foreach (var name in final.LiveNodes.Where(name => final.LeasedNodes.Count(id => IsIncarnationOf(id, name)) != 1))
            report(new Violation(ViolationKind.Forgotten, "leases", null, $"node {name} has {final.LeasedNodes.Count(id => IsIncarnationOf(id, name))} leases"));
        foreach (var (node, listed) in final.ListedNodes.Where(list => !list.Value.Order().SequenceEqual(final.LiveNodes.Order())))
            report(new Violation(ViolationKind.Ghost, "GET /api/v1/nodes", null, $"node {node} lists {string.Join(", ", listed)}; alive are {string.Join(", ", final.LiveNodes)}"));
        foreach (var key in final.NodeKeys.Where(key => !final.LeasedNodes.Any(id => key.Contains(id, StringComparison.Ordinal))))
            report(new Violation(ViolationKind.Ghost, "keys", null, $"{key} belongs to no node"));
    }

    // A node id is the name and a random incarnation behind a dash.
    private static bool IsIncarnationOf(string id, string name) => id.StartsWith(name + "-", StringComparison.Ordinal);
}
