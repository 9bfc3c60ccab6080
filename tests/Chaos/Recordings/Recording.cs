namespace Fanout.Tests.Chaos.Recordings;

/// <summary>Everything that the checker may know of a run.</summary>
/// <param name="Oddities">What the workload itself saw and no contract allows: a refused publish, an error code out of place.</param>
public sealed record Recording(
    IReadOnlyList<RoomRules> Rooms,
    IReadOnlyList<PublishRecord> Publishes,
    IReadOnlyList<Track> Tracks,
    IReadOnlyList<Outage> Outages,
    FinalState? Final,
    IReadOnlyList<string> Oddities);
