namespace Fanout.Tests.Chaos.Recordings;

public enum RoomKind
{
    /// <summary>Keeps history: nothing is lost, nothing comes twice, or the client is told.</summary>
    Sequenced,

    /// <summary>Keeps history, and a member that lags gets the newest only.</summary>
    Latest,

    /// <summary>Keeps nothing: at most once, in order.</summary>
    Live,
}

/// <summary>What a room's settings promise.</summary>
public sealed record RoomRules(string Name, RoomKind Kind, int HistorySize, TimeSpan HistoryTtl);
