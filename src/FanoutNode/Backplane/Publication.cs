using Fanout.Node.Rooms;

namespace Fanout.Node.Backplane;

/// <summary>One publish on its way to the backplane.</summary>
/// <param name="Room">A valid room name.</param>
/// <param name="Policy">What the room keeps.</param>
/// <param name="MessageId">Made by this node, unique in all of the service.</param>
/// <param name="Data">The encoded message, see <see cref="MessageCodec"/>.</param>
/// <param name="Once">Set where the publisher gave an idempotency key.</param>
/// <param name="CountsMembers">Whether the publisher wants to know how many members the room has.</param>
internal readonly record struct Publication(
    string Room, RoomPolicy Policy, string MessageId, ReadOnlyMemory<byte> Data, IdempotencyKey? Once = null, bool CountsMembers = false);

/// <summary>Makes a publish happen once, however often it is tried.</summary>
/// <param name="Principal">Whose key it is: keys of different publishers never meet.</param>
/// <param name="Key">As the publisher gave it.</param>
/// <param name="PayloadHash">Tells a repetition from another publish under the same key.</param>
internal sealed record IdempotencyKey(string Principal, string Key, string PayloadHash)
{
    /// <summary>How long a key is remembered: well over the time that a client goes on trying.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);
}

/// <summary>How a publish ended.</summary>
internal enum PublishOutcome
{
    /// <summary>Taken, and stored where the room has history.</summary>
    Published,

    /// <summary>The same key was used with the same payload before: nothing new was stored.</summary>
    Duplicate,

    /// <summary>The same key was used with another payload.</summary>
    Conflict,

    /// <summary>Not taken: the backplane cannot be reached.</summary>
    Unavailable,

    /// <summary>No answer in time: it may have been taken or not.</summary>
    Unknown,
}

/// <param name="MessageId">Of the message that is stored; the first one's where this was a duplicate.</param>
/// <param name="Epoch">Absent in rooms without history, like <paramref name="Offset"/>.</param>
/// <param name="Nodes">At most how many nodes heard it.</param>
/// <param name="Members">The room's members at that moment, where the publisher asked for them.</param>
internal readonly record struct PublishResult(PublishOutcome Outcome, string MessageId, string? Epoch, long? Offset, long Nodes, long? Members = null);
