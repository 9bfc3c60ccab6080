namespace Fanout.Client;

/// <summary>A message of a room.</summary>
/// <typeparam name="T">What the payload is read as.</typeparam>
public sealed class FanoutMessage<T>
{
    internal FanoutMessage(string room, string id, FanoutPosition? position, long? offset, DateTimeOffset timestamp, FanoutSender? from, T payload)
    {
        Room = room;
        Id = id;
        Position = position;
        Offset = offset;
        Timestamp = timestamp;
        From = from;
        Payload = payload;
    }

    /// <summary>The room it was published to.</summary>
    public string Room { get; }

    /// <summary>Names the message everywhere: live, after a reconnect and in history it is the same.</summary>
    public string Id { get; }

    /// <summary>
    /// Where it stands. Store it when you have dealt with the message, and give it to <see cref="FanoutRoomOptions.Since"/> to go on from
    /// here after a restart. Absent in rooms without history.
    /// </summary>
    public FanoutPosition? Position { get; }

    /// <summary>Its number in the room; there may be holes. Absent in rooms without history.</summary>
    public long? Offset { get; }

    /// <summary>When a node took the publish, by that node's clock.</summary>
    public DateTimeOffset Timestamp { get; }

    /// <summary>Who published it; absent for messages published by HTTP.</summary>
    public FanoutSender? From { get; }

    /// <summary>What was published.</summary>
    public T Payload { get; }

    internal FanoutMessage<TOther> With<TOther>(TOther payload) => new(Room, Id, Position, Offset, Timestamp, From, payload);
}

/// <summary>The connection that published a message.</summary>
/// <param name="ClientId">Names the connection; another one after each reconnect.</param>
/// <param name="UserId">Absent for an anonymous client.</param>
public sealed record FanoutSender(string ClientId, string? UserId);
