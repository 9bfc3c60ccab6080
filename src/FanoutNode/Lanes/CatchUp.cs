namespace Fanout.Node.Lanes;

/// <summary>
/// A member that is behind its room: a cursor into the kept messages. Pages are read as its socket drains, and live messages are not queued
/// for it; when the cursor meets the lane's offset, the lane makes it live. Owned by the lane.
/// </summary>
internal sealed class CatchUp(LaneMember member, string epoch, long position) : ILaneWork
{
    private CatchUpPage? _arrived;

    public LaneMember Member { get; } = member;

    public string Epoch { get; } = epoch;

    /// <summary>Offset of the last message that was sent.</summary>
    public long Position { get; set; } = position;

    /// <summary>The page that is being sent.</summary>
    public CatchUpPage? Page { get; set; }

    /// <summary>Whether a page is on its way.</summary>
    public bool IsReading { get; private set; }

    /// <summary>Cleared when the member went live or left: whatever still arrives for the cursor is void.</summary>
    public bool IsActive { get; set; } = true;

    /// <summary>Asks for the page behind the position.</summary>
    public void Read(Lane lane, ICatchUpSource source)
    {
        IsReading = true;
        source.Read(Position + 1, Member.Client, page =>
        {
            Volatile.Write(ref _arrived, page);
            lane.Post(this);
        });
    }

    /// <summary>Takes a page that has arrived; null if none has.</summary>
    public CatchUpPage? TakeArrived()
    {
        var page = Interlocked.Exchange(ref _arrived, null);
        if (page is not null)
            IsReading = false;
        return page;
    }

    public void Run(Lane lane) => Member.Room.Continue(lane, this);
}
