namespace Fanout.Node.Rooms;

/// <summary>One item of <c>Fanout:Rooms</c>: what the rooms whose names fit the pattern keep.</summary>
internal sealed class RoomOptions
{
    /// <summary>A room name in which <c>*</c> stands for any run of characters; <c>*</c> never fits names that begin with <c>$</c>.</summary>
    public string Pattern { get; set; } = "";

    /// <summary>
    /// Messages kept for clients that come back. It should hold the room's rate times the longest absence to be bridged: the longest
    /// reconnect delay plus the lease expiry. 0: no history.
    /// </summary>
    public int HistorySize { get; set; } = 256;

    /// <summary>Bytes of messages kept, where that is less than <see cref="HistorySize"/> allows; the newest one is always kept. 0: any number.</summary>
    public long HistoryBytes { get; set; } = RoomPolicy.DefaultHistoryBytes;

    /// <summary>How long they are kept after the last publish.</summary>
    public TimeSpan HistoryTtl { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether members see each other's info and are told of joins and leaves. Costs a hash entry a member.</summary>
    public bool Presence { get; set; }

    /// <summary>What happens to a member that reads too slowly.</summary>
    public Overflow Overflow { get; set; }

    public RoomPolicy ToPolicy() => new(HistorySize, HistoryTtl, Presence, Overflow, HistoryBytes);
}
