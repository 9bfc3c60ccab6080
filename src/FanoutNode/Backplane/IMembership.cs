using Fanout.Shared.Envelopes;

namespace Fanout.Node.Backplane;

/// <summary>A connection as the other nodes know it.</summary>
/// <param name="Info">What its token says for others to see, as JSON.</param>
internal sealed record ClientIdentity(string ClientId, string? UserId, Payload? Info, DateTimeOffset ConnectedAt);

/// <summary>Who is in which room, over all nodes. Changes of one client in one room take effect in the order in which they are made.</summary>
internal interface IMembership
{
    /// <summary>Adds a member; completes when the backplane has it.</summary>
    /// <returns>How many members the room has now.</returns>
    /// <exception cref="BackplaneUnavailableException">Not added; if that is not sure, it is taken back when the backplane returns.</exception>
    ValueTask<long> AddAsync(string room, ClientIdentity client);

    /// <summary>Removes a member. Completes when the backplane knows, or when it cannot be told now: then it is told when it returns.</summary>
    ValueTask RemoveAsync(string room, ClientIdentity client);

    /// <summary>
    /// Notes that a member's connection was lost and that it will be removed in a while: if its user enters by another connection before,
    /// that one takes its place and nobody is told of either. Only for rooms with presence.
    /// </summary>
    ValueTask BeginLeavingAsync(string room, ClientIdentity client);

    /// <summary>Members of a room, cheaply.</summary>
    ValueTask<long> CountAsync(string room);

    /// <summary>Members and different users of a room. Cheap in rooms with presence, which count users as they come and go; else all members are read.</summary>
    ValueTask<RoomCounts> CountUsersAsync(string room);

    /// <summary>
    /// One page of members, ordered by client id. Of a large room, the pages behind the first may show the members as they were some seconds ago.
    /// </summary>
    /// <param name="after">The last client id of the page before; null for the first page.</param>
    ValueTask<Page<RoomMember>> ListAsync(string room, string? after, int limit);

    /// <summary>When the last connection left a user's room; null for a user that is not remembered, and for other rooms.</summary>
    /// <exception cref="BackplaneUnavailableException">The backplane cannot be asked.</exception>
    ValueTask<DateTimeOffset?> LastSeenAsync(string userRoom);

    /// <summary>
    /// One page of the rooms that have members, ordered by name. The pages behind the first may show the rooms as they were some seconds ago.
    /// </summary>
    ValueTask<Page<RoomSummary>> ListRoomsAsync(string prefix, string? after, int limit);
}

/// <param name="Members">Connections.</param>
/// <param name="Users">Different users among them.</param>
internal readonly record struct RoomCounts(long Members, long Users);

internal sealed record RoomMember(string ClientId, string NodeId, string? UserId, Payload? Info, DateTimeOffset? ConnectedAt);

internal sealed record RoomSummary(string Room, long Members);

/// <summary>Part of a list.</summary>
/// <param name="Next">What to ask for as <c>after</c> to get the next part; null at the end.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next);
