namespace Fanout.Client;

/// <summary>The acknowledgement of a publish: the backplane has the message, and where the room has history it is stored.</summary>
/// <param name="Room">The room's name.</param>
/// <param name="MessageId">As in <see cref="FanoutMessage{T}.Id"/>.</param>
/// <param name="Offset">Its number in the room; absent in a room without history. Not a position to resume from.</param>
/// <param name="Epoch">Names the life of the room's offsets.</param>
/// <param name="IsDuplicate">The key had been used before: the other values tell of the first publish.</param>
public sealed record FanoutPublished(string Room, string MessageId, long? Offset, string? Epoch, bool IsDuplicate);

/// <summary>A page of a room's history.</summary>
/// <param name="Messages">Oldest first.</param>
/// <param name="Position">The newest position of the room; absent in a room without history. Not a position to resume from.</param>
/// <param name="Next">Behind which the next page begins; null on the last.</param>
public sealed record FanoutHistoryPage<T>(IReadOnlyList<FanoutMessage<T>> Messages, FanoutPosition? Position, FanoutPosition? Next);

/// <summary>A page of a room's members.</summary>
/// <param name="Count">Connections in the room, on all nodes.</param>
/// <param name="Users">Different users among them.</param>
/// <param name="Members">Ordered by client id; empty if only counts were asked for.</param>
/// <param name="Next">Behind which the next page begins; null on the last.</param>
public sealed record FanoutPresencePage(int Count, int Users, IReadOnlyList<FanoutMember> Members, string? Next);
