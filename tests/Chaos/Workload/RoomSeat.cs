using Fanout.Tests.Chaos.Recordings;

namespace Fanout.Tests.Chaos.Workload;

/// <summary>What a subscriber knows of one room, and all that it saw there.</summary>
internal sealed class RoomSeat(Room room)
{
    public Room Room { get; } = room;

    public List<TrackEvent> Events { get; } = [];

    /// <summary>From received messages, <c>joined</c> and <c>reset</c>; never from <c>published</c>.</summary>
    public Position? Position { get; set; }

    public bool IsIn { get; set; }

    public bool IsLeaving { get; set; }

    /// <summary>Chooses from where to resume: mostly from where it is, at times from before, as a client does that has not worked off
    /// everything, and seldom from nowhere.</summary>
    public Position? ChooseSince(Random random)
    {
        if (Position is not { } position)
            return null;
        return random.Next(40) switch
        {
            0 => null,
            < 5 => position with { Offset = Math.Max(0, position.Offset - random.Next(1, 30)) },
            _ => position,
        };
    }
}
