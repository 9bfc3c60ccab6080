using System.Globalization;
using Fanout.Tests.Chaos.Recordings;

namespace Fanout.Tests.Chaos.Workload;

/// <summary>A room of the workload: what it keeps, and how it is published to.</summary>
/// <param name="Pace">The longest pause between two messages of one publisher, in ms.</param>
/// <param name="Silence">The longest silence between bursts, in ms; 0: there are no bursts.</param>
/// <param name="Padding">Characters in each payload besides the numbers.</param>
/// <param name="Share">One of so many subscribers is in the room.</param>
internal sealed record Room(RoomRules Rules, int Pace, int Silence = 0, int Padding = 20, int Share = 1)
{
    /// <summary>
    /// A history that always reaches back, one that often does, one that seldom does, one that expires, one of large messages for slow
    /// readers, and the two kinds that promise less.
    /// </summary>
    public static readonly IReadOnlyList<Room> All =
    [
        new(new RoomRules("deep", RoomKind.Sequenced, 20_000, TimeSpan.FromMinutes(30)), Pace: 12),
        new(new RoomRules("usual", RoomKind.Sequenced, 256, TimeSpan.FromMinutes(5)), Pace: 60),
        new(new RoomRules("shallow", RoomKind.Sequenced, 24, TimeSpan.FromMinutes(5)), Pace: 80, Share: 2),
        new(new RoomRules("brief", RoomKind.Sequenced, 1_000, TimeSpan.FromSeconds(2)), Pace: 40, Silence: 4_000, Share: 2),
        new(new RoomRules("bulk", RoomKind.Sequenced, 128, TimeSpan.FromMinutes(5)), Pace: 40, Padding: 12_000, Share: 3),
        new(new RoomRules("latest", RoomKind.Latest, 64, TimeSpan.FromMinutes(5)), Pace: 80, Padding: 4_000, Share: 3),
        new(new RoomRules("live", RoomKind.Live, 0, TimeSpan.Zero), Pace: 80, Share: 2),
    ];

    public string Name => Rules.Name;

    /// <summary>The settings that make a node keep what the rules say.</summary>
    public static IEnumerable<(string Name, string? Value)> Settings() => All.SelectMany((room, index) => new (string, string?)[]
    {
        ($"Fanout:Rooms:{index}:Pattern", room.Name),
        ($"Fanout:Rooms:{index}:HistorySize", room.Rules.HistorySize.ToString(CultureInfo.InvariantCulture)),
        ($"Fanout:Rooms:{index}:HistoryTtl", room.Rules.HistoryTtl.ToString("c", CultureInfo.InvariantCulture)),
        ($"Fanout:Rooms:{index}:Overflow", room.Rules.Kind == RoomKind.Latest ? "Latest" : "Disconnect"),
    });
}
