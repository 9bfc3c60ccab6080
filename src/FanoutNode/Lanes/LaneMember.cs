namespace Fanout.Node.Lanes;

/// <summary>One connection's place in one room's list on its lane. Owned by the lane.</summary>
internal sealed class LaneMember(ILaneClient client, LaneRoom room)
{
    public ILaneClient Client { get; } = client;

    public LaneRoom Room { get; } = room;

    /// <summary>Whether the member is in the room on its lane, live or catching up.</summary>
    public bool IsIn { get; set; }

    /// <summary>Set while the member is behind.</summary>
    public CatchUp? CatchUp { get; set; }

    /// <summary>Messages of the room that were queued since the socket last took everything.</summary>
    public int Behind { get; set; }

    /// <summary>Set within one flush: the offset up to which it was sent when it was found to lag.</summary>
    public long? LaggedAt { get; set; }

    /// <summary>Where the member stands among the live ones, so that it is removed without a search; -1 when it is not one.</summary>
    public int Index { get; set; } = -1;

    /// <summary>The first of the room's notices on the lane that is for it.</summary>
    public long NoticesFrom { get; set; }

    /// <summary>Whether the client asked for presence notices.</summary>
    public bool WantsPresence { get; set; }
}
