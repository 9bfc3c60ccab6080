namespace Fanout.Tests.Chaos.Recordings;

/// <summary>What Redis and the API said after everything was healed and the leases had passed.</summary>
/// <param name="LiveNodes">Names of the node processes that live; each start has a name of its own.</param>
/// <param name="LeasedNodes">Node ids in the sorted set of leases.</param>
/// <param name="ListedNodes">For each live node: the names in its answer to <c>GET /api/v1/nodes</c>.</param>
/// <param name="NodeKeys">Every key that belongs to one node.</param>
public sealed record FinalState(
    IReadOnlyList<FinalRoom> Rooms,
    IReadOnlyList<string> LiveNodes,
    IReadOnlyList<string> LeasedNodes,
    IReadOnlyDictionary<string, IReadOnlyList<string>> ListedNodes,
    IReadOnlyList<string> NodeKeys);

/// <param name="Position">Where the room is; null for a room without history.</param>
/// <param name="History">What the room still keeps, oldest first.</param>
/// <param name="LiveMembers">For each member client: the name of its node.</param>
/// <param name="Entries">The room's set in Redis: <c>node id/client id</c>.</param>
public sealed record FinalRoom(
    string Room,
    Position? Position,
    IReadOnlyList<KeptMessage> History,
    IReadOnlyDictionary<string, string> LiveMembers,
    IReadOnlyList<string> Entries);

public sealed record KeptMessage(long Offset, string Id);
