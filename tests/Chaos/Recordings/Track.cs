namespace Fanout.Tests.Chaos.Recordings;

/// <summary>All that one subscriber saw in one room, over all its connections, in order.</summary>
public sealed record Track(string Subscriber, string Room, IReadOnlyList<TrackEvent> Events)
{
    public override string ToString() => $"{Subscriber} in {Room}";
}
