namespace Fanout.Client;

/// <summary>How a room is joined.</summary>
public sealed record FanoutRoomOptions
{
    /// <summary>Keep a live list of the members, and tell who comes and goes. The operator must have given the room presence. Default: no.</summary>
    public bool Presence { get; init; }

    /// <summary>Begin with so many of the newest messages, at the first join. For a user's own room, name it before the connection: the node joins it with
    /// the handshake. Default: with what comes from then on. 1 to 10,000.</summary>
    public int? Last { get; init; }

    /// <summary>Begin behind this position, such as one that you stored, at the first join.</summary>
    public FanoutPosition? Since { get; init; }
}
