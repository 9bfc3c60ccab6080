using Fanout.Tests.Chaos.Recordings;

namespace Fanout.Tests.Chaos.Checking;

/// <summary>
/// Proves from a recording that the promises were kept, or says which were not. Pure: no clock, no I/O, the same answer every time.
/// </summary>
/// <remarks>
/// 1 what really happened, room by room, and whether it contradicts itself -> 2 each subscriber against it -> 3 what was left when all
/// was quiet -> 4 what the workload saw itself.
/// </remarks>
public static class Checker
{
    public static IReadOnlyList<Violation> Check(Recording recording)
    {
        var violations = new List<Violation>();
        // 1
        var truths = recording.Rooms.ToDictionary(rules => rules.Name, rules => new RoomTruth(rules, recording, violations.Add));

        // 2
        foreach (var rules in recording.Rooms)
            CheckTracks(recording, rules, truths[rules.Name], violations.Add);

        // 3
        if (recording.Final is { } final)
        {
            FinalStateChecker.Check(final, room => truths[room], recording.Rooms, violations.Add);
            foreach (var publish in recording.Publishes.Where(publish => publish.Ack is null))
                violations.Add(new Violation(
                    ViolationKind.NeverAcknowledged, publish.Room, publish.Started, $"number {publish.Number} of publisher {publish.Publisher}"));
        }

        // 4
        violations.AddRange(recording.Oddities.Select(text => new Violation(ViolationKind.Odd, "workload", null, text)));
        return violations;
    }

    private static void CheckTracks(Recording recording, RoomRules rules, RoomTruth truth, Action<Violation> report)
    {
        var tracks = recording.Tracks.Where(track => track.Room == rules.Name);
        if (rules.Kind == RoomKind.Live)
        {
            new LiveRoomChecker(truth, recording.Outages, report).Check(tracks);
            return;
        }

        var end = recording.Final?.Rooms.FirstOrDefault(room => room.Room == rules.Name)?.Position;
        foreach (var track in tracks)
            new TrackChecker(track, rules, truth, report).Check(end);
    }
}
