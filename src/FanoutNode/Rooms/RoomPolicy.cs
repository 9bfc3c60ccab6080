namespace Fanout.Node.Rooms;

/// <summary>What happens to a member of a room that reads more slowly than the room speaks.</summary>
internal enum Overflow
{
    /// <summary>It is cut with 4001 and resumes from the history.</summary>
    Disconnect,

    /// <summary>It gets the newest message only, once it reads again.</summary>
    Latest,
}

/// <summary>What a room keeps, by the first pattern that fits its name.</summary>
/// <param name="HistorySize">Messages kept; 0: none, and the room has no epoch and no offsets.</param>
/// <param name="HistoryTtl">How long they are kept after the last publish.</param>
/// <param name="Presence">Whether members see each other's info, and are told of joins and leaves.</param>
/// <param name="Overflow">What happens to a member that lags.</param>
/// <param name="HistoryBytes">Bytes of messages kept, the newest message aside; 0: any number.</param>
internal sealed record RoomPolicy(int HistorySize, TimeSpan HistoryTtl, bool Presence, Overflow Overflow, long HistoryBytes = RoomPolicy.DefaultHistoryBytes)
{
    /// <summary>64 KiB for each of the 256 messages of the default: far above what rooms send, far below 256 messages of a MiB.</summary>
    public const long DefaultHistoryBytes = 16 * 1024 * 1024;

    // The position must outlive the messages, or a client that comes back would meet offsets that started again under the same name.
    private static readonly TimeSpan ShortestMetaTtl = TimeSpan.FromHours(24);
    private const int MetaTtlFactor = 10;

    // A room that was only asked about or joined has nothing that could be confused: names that somebody tries out must not fill the backplane.
    // Rooms with members are compared far more often than this.
    private static readonly TimeSpan EmptyMetaTtl = TimeSpan.FromMinutes(10);

    public bool HasHistory => HistorySize > 0 && HistoryTtl > TimeSpan.Zero;

    /// <summary>How long the room's position is kept after the last publish, join or comparison.</summary>
    public TimeSpan MetaTtl => HistoryTtl * MetaTtlFactor > ShortestMetaTtl ? HistoryTtl * MetaTtlFactor : ShortestMetaTtl;

    /// <summary>The same by what the room's newest offset is.</summary>
    public TimeSpan PositionTtl(long offset) => offset > 0 ? MetaTtl : EmptyMetaTtl;
}
