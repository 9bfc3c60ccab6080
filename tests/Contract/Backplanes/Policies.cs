using Fanout.Node.Rooms;

namespace Fanout.Tests.Contract.Backplanes;

/// <summary>What the suite's rooms keep.</summary>
internal static class Policies
{
    /// <summary>Rooms with this prefix have presence.</summary>
    public const string PresencePrefix = "presence.";

    public static readonly RoomPolicy Plain = new(0, TimeSpan.Zero, Presence: false, Overflow.Disconnect);

    /// <summary>Five messages.</summary>
    public static readonly RoomPolicy Five = new(5, TimeSpan.FromMinutes(5), Presence: false, Overflow.Disconnect);

    public static readonly RoomPolicy Many = new(1_000, TimeSpan.FromMinutes(5), Presence: false, Overflow.Disconnect);

    public static RoomPolicies All => new(
    [
        new RoomOptions { Pattern = PresencePrefix + "*", HistorySize = 0, Presence = true },
        new RoomOptions { Pattern = "$user." + PresencePrefix + "*", HistorySize = 0, Presence = true },
    ]);
}
