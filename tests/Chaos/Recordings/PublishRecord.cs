namespace Fanout.Tests.Chaos.Recordings;

/// <summary>One message that a publisher wanted in a room, over all its attempts under one idempotency key.</summary>
/// <param name="Number">1, 2, 3 … for each publisher and room; the next is begun when this one was acknowledged.</param>
/// <param name="Started">Before the first attempt: the message was not stored before that.</param>
/// <param name="Ack">Null when it never was acknowledged.</param>
public sealed record PublishRecord(string Room, int Publisher, int Number, TimeSpan Started, PublishAck? Ack);

/// <param name="Position">Absent in rooms without history.</param>
public sealed record PublishAck(TimeSpan At, Position? Position, string MessageId);
