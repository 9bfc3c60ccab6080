using Fanout.Shared.Rooms;

namespace Fanout.Node.Rooms;

/// <summary>Finds a room's policy: the first pattern that fits, else the default of 256 messages for 5 minutes.</summary>
internal sealed class RoomPolicies(IReadOnlyList<RoomOptions> options)
{
    private static readonly RoomPolicy Default = new RoomOptions().ToPolicy();

    // $all has neither history nor members (DESIGN 3.5), whatever a pattern says.
    private static readonly RoomPolicy ForAll = new(0, TimeSpan.Zero, false, Overflow.Disconnect);

    // The operators' rooms, whatever a pattern says: reports are replaced within a second, events are looked back at after a night.
    private static readonly RoomPolicy ForOps = new(0, TimeSpan.Zero, false, Overflow.Disconnect);
    private static readonly RoomPolicy ForOpsEvents = new(256, TimeSpan.FromHours(24), false, Overflow.Disconnect);

    private readonly (string Pattern, RoomPolicy Policy)[] _policies = [.. options.Select(o => (o.Pattern, o.ToPolicy()))];

    public RoomPolicy For(string room)
    {
        if (room == RoomName.All)
            return ForAll;
        if (RoomName.IsOpsRoom(room))
            return room == RoomName.OpsEvents ? ForOpsEvents : ForOps;
        foreach (var (pattern, policy) in _policies)
        {
            if (RoomPattern.IsMatch(pattern, room))
                return policy;
        }

        return Default;
    }
}
