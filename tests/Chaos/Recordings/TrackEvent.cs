namespace Fanout.Tests.Chaos.Recordings;

/// <summary>Something that a subscriber saw in one room.</summary>
/// <param name="At">When it was read from the socket, on the run's clock.</param>
public abstract record TrackEvent(TimeSpan At);

/// <param name="Since">What the subscriber asked for.</param>
/// <param name="Position">What the node answered; absent in rooms without history.</param>
public sealed record Joined(TimeSpan At, Position? Since, Position? Position, bool Recovered) : TrackEvent(At);

/// <param name="Publisher">From the payload, like <paramref name="Number"/>.</param>
public sealed record Received(TimeSpan At, long? Offset, string Id, int Publisher, int Number) : TrackEvent(At);

/// <summary>The node said <c>reset</c>.</summary>
public sealed record WasReset(TimeSpan At, Position Position) : TrackEvent(At);

/// <summary>The subscriber left the room and stayed connected.</summary>
public sealed record Left(TimeSpan At) : TrackEvent(At);

/// <summary>The connection ended.</summary>
/// <param name="Code">The node's close code; null when it ended without one.</param>
public sealed record Ended(TimeSpan At, int? Code) : TrackEvent(At);
