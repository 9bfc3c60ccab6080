namespace Fanout.Node.Lanes;

/// <summary>One connection's place in one room's list on its lane. Owned by the lane.</summary>
internal sealed class LaneMember(ILaneClient client, LaneRoom room)
{
    public ILaneClient Client { get; } = client;

    public LaneRoom Room { get; } = room;

    /// <summary>Where the member stands in the list, so that it is removed without a search; -1 when it is not in it.</summary>
    public int Index { get; set; } = -1;

    /// <summary>Whether the client asked for presence notices.</summary>
    public bool WantsPresence { get; set; }
}
