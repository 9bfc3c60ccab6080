using Fanout.Tests.Chaos.Recordings;

namespace Fanout.Tests.Chaos.Mutations;

/// <summary>
/// What a broken node would have left in a recording. A machine that looks for faults proves something only if it finds those that are
/// put there: each of these must make the checker fail, on a simulated recording and on that of every real run.
/// </summary>
public sealed record Mutation(string Name, Func<Recording, Recording> Apply)
{
    public static readonly IReadOnlyList<Mutation> All =
    [
        new("recovery off", recording => OnTracks(recording, RecoveryOff)),
        new("always recovered: false", recording => OnTracks(recording, NeverRecovered)),
        new("one gap in a thousand not read", recording => OnMessages(recording, EveryThousandth, (_, _) => [])),
        new("duplicates not dropped", recording => OnMessages(recording, EveryThousandth, (before, message) => [message, before])),
        new("a ghost member left", GhostMember),
        new("a ghost node left", GhostNode),
        new("two messages change places", recording => OnMessages(recording, EveryThousandth, (before, message) => [.. Swap(before, message)])),
        new("another message at an offset", recording => OnMessages(recording, EveryThousandth, (_, message) => [message with { Id = message.Id + "'" }])),
        new("a member forgotten", MemberForgotten),
        new("reset without need", recording => OnTracks(recording, NeedlessReset)),
        new("the last message before a silence lost", recording => OnTracks(recording, LastMessageLost)),
    ];

    public override string ToString() => Name;

    private static Recording OnTracks(Recording recording, Func<Track, IEnumerable<TrackEvent>> change)
    {
        var sequenced = recording.Rooms.Where(room => room.Kind == RoomKind.Sequenced).Select(room => room.Name).ToHashSet();
        return recording with
        {
            Tracks = [.. recording.Tracks.Select(track => sequenced.Contains(track.Room) ? track with { Events = [.. change(track)] } : track)],
        };
    }

    /// <summary>Replaces single messages in rooms with history, each by what a function makes of it.</summary>
    private static Recording OnMessages(Recording recording, Func<int, bool> which, Func<Received, Received, TrackEvent[]> replace)
    {
        var count = 0;
        return OnTracks(recording, track => Change(track.Events));

        IEnumerable<TrackEvent> Change(IReadOnlyList<TrackEvent> events)
        {
            for (var i = 0; i < events.Count; i++)
            {
                // With one of the same stretch before it and one behind it, so that the change shows.
                if (i > 0 && i < events.Count - 1 && events[i - 1] is Received before && events[i] is Received message
                    && events[i + 1] is Received && which(count++))
                {
                    foreach (var happening in replace(before, message))
                        yield return happening;
                }
                else
                {
                    yield return events[i];
                }
            }
        }
    }

    private static bool EveryThousandth(int number) => number % 1000 == 500;

    private static IEnumerable<TrackEvent> Swap(Received before, Received message)
    {
        // The one before was given out already: the pair appears as new, old.
        yield return message with { Offset = message.Offset + 1 };
        yield return before with { At = message.At };
    }

    private static IEnumerable<TrackEvent> NeverRecovered(Track track) =>
        track.Events.Select(happening => happening is Joined { Recovered: true } joined ? joined with { Recovered = false } : happening);

    // The node would ignore the position: the member begins at the newest, and what it missed never comes.
    private static IEnumerable<TrackEvent> RecoveryOff(Track track)
    {
        var events = track.Events;
        for (var i = 0; i < events.Count; i++)
        {
            if (events[i] is not Joined { Recovered: true } joined)
            {
                yield return events[i];
                continue;
            }

            var missed = events.Skip(i + 1).TakeWhile(happening => happening is Received && happening.At - joined.At < TimeSpan.FromMilliseconds(20)).ToList();
            i += missed.Count;
            var newest = missed.Count == 0 ? joined.Position!.Value.Offset : ((Received)missed[^1]).Offset!.Value;
            yield return joined with { Recovered = false, Position = joined.Position!.Value with { Offset = newest } };
        }
    }

    private static IEnumerable<TrackEvent> NeedlessReset(Track track)
    {
        Position? at = null;
        var count = 0;
        foreach (var happening in track.Events)
        {
            yield return happening;
            at = happening switch
            {
                Joined joined => joined.Position,
                WasReset reset => reset.Position,
                Received { Offset: { } offset } when at is { } position => position with { Offset = offset },
                _ => null,
            };
            if (happening is Received && at is { } here && count++ % 500 == 250)
                yield return new WasReset(happening.At, here);
        }
    }

    private static IEnumerable<TrackEvent> LastMessageLost(Track track)
    {
        var last = track.Events.ToList().FindLastIndex(happening => happening is Received);
        return track.Events.Where((_, index) => index != last);
    }

    private static Recording GhostMember(Recording recording) => OnFirstRoom(
        recording, room => room with { Entries = [.. room.Entries, $"{recording.Final!.LeasedNodes[0]}/ghost"] });

    private static Recording MemberForgotten(Recording recording) => OnFirstRoom(recording, room => room with { Entries = [.. room.Entries.Skip(1)] });

    private static Recording OnFirstRoom(Recording recording, Func<FinalRoom, FinalRoom> change) => recording with
    {
        Final = recording.Final! with { Rooms = [change(recording.Final.Rooms[0]), .. recording.Final.Rooms.Skip(1)] },
    };

    private static Recording GhostNode(Recording recording) => recording with
    {
        Final = recording.Final! with { LeasedNodes = [.. recording.Final.LeasedNodes, "dead-0123456789ab"] },
    };
}
