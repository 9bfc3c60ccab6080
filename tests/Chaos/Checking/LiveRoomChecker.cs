using Fanout.Tests.Chaos.Recordings;

namespace Fanout.Tests.Chaos.Checking;

/// <summary>A room without history: at most once, in order, the same order for all. Losses are allowed.</summary>
internal sealed class LiveRoomChecker(RoomTruth truth, IReadOnlyList<Outage> outages, Action<Violation> report)
{
    private readonly Dictionary<string, HashSet<string>> _follows = [];

    public void Check(IEnumerable<Track> tracks)
    {
        foreach (var track in tracks)
            Check(track);
        if (FindCycle() is { } id)
            report(new Violation(ViolationKind.OrderDiffers, "a room without history", null, $"members saw message {id} in different orders"));
    }

    private void Check(Track track)
    {
        var isIn = false;
        var seen = new Dictionary<int, (int Number, TimeSpan At)>();
        string? previous = null;
        foreach (var happening in track.Events)
        {
            switch (happening)
            {
                case Joined joined:
                    if (joined.Recovered || joined.Position is not null)
                        Report(track, ViolationKind.FalselyRecovered, joined, $"joined at {joined.Position}, recovered {joined.Recovered}");
                    isIn = true;
                    break;
                case WasReset reset:
                    Report(track, ViolationKind.PositionMissing, reset, "reset in a room without history");
                    break;
                case Left or Ended:
                    isIn = false;
                    break;
                case Received received:
                    if (!isIn)
                        Report(track, ViolationKind.OutsideTheRoom, received, $"message {received.Id}");
                    CheckOrder(track, received, seen);
                    if (previous is not null)
                        Add(previous, received.Id);
                    previous = received.Id;
                    break;
            }
        }
    }

    private void CheckOrder(Track track, Received received, Dictionary<int, (int Number, TimeSpan At)> seen)
    {
        if (received.Offset is not null)
            Report(track, ViolationKind.PositionMissing, received, $"message {received.Id} has an offset, and the room has none");
        if (!truth.WasPublished(received.Publisher, received.Number))
            Report(track, ViolationKind.Unknown, received, $"message {received.Id}, number {received.Number} of publisher {received.Publisher}");
        // A restart of Redis may forget the idempotency key between two attempts.
        if (seen.TryGetValue(received.Publisher, out var last) && received.Number <= last.Number
            && !outages.Any(outage => outage.From <= received.At && outage.To >= last.At))
            Report(track, ViolationKind.TwiceOrOutOfOrder, received, $"number {received.Number} of publisher {received.Publisher} behind {last.Number}");
        seen[received.Publisher] = (received.Number, received.At);
    }

    private void Add(string before, string after)
    {
        if (!_follows.TryGetValue(before, out var followers))
            _follows[before] = followers = [];
        followers.Add(after);
    }

    // Takes messages away that nothing precedes any more; what is left when none is to be found goes round in a circle.
    private string? FindCycle()
    {
        var predecessors = new Dictionary<string, int>();
        foreach (var (before, followers) in _follows)
        {
            predecessors.TryAdd(before, 0);
            foreach (var after in followers)
                predecessors[after] = predecessors.GetValueOrDefault(after) + 1;
        }

        var free = new Queue<string>(predecessors.Where(id => id.Value == 0).Select(id => id.Key));
        while (free.TryDequeue(out var id))
        {
            predecessors.Remove(id);
            foreach (var after in _follows.GetValueOrDefault(id) ?? [])
            {
                if (--predecessors[after] == 0)
                    free.Enqueue(after);
            }
        }

        return predecessors.Keys.FirstOrDefault();
    }

    private void Report(Track track, ViolationKind kind, TrackEvent happening, string text) =>
        report(new Violation(kind, track.ToString(), happening.At, text));
}
