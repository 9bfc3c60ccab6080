using Fanout.Node.Diagnostics;

namespace Fanout.Node.Lanes.Preparation;

/// <summary>
/// Keeps a room's order while a message of it is made ready: what comes behind it waits here, work for the lanes too, so that a member that enters
/// or leaves does so at its place among the messages.
/// </summary>
/// <remarks>
/// Thread-safe; whoever needs an order among messages calls in that order. While nothing waits the room posts to its lanes directly:
/// <see cref="IsBusy"/> turns false only when the last thing that waited has been posted.
/// </remarks>
internal sealed class PreparationQueue(MessagePreparer preparer, IPreparedRoom room) : IPreparation
{
    // Eight of the largest messages at their default limit.
    private const long MostBytes = 8 * 1024 * 1024;

    // Of notices, which are small; so many come and go only where somebody means to.
    private const int MostNotices = 4096;

    private readonly Lock _gate = new();
    private readonly Queue<Item> _items = new();
    private long _bytes;
    private int _notices;
    private volatile bool _isBusy;
    private bool _endsWithFall;

    /// <summary>Whether something waits here, which the room's next message must not overtake.</summary>
    public bool IsBusy => _isBusy;

    /// <summary>Takes a message in, behind what waits.</summary>
    /// <returns>Whether it is lost: too much waits, and there is no log to read it from.</returns>
    public bool Add(RoomMessage message)
    {
        lock (_gate)
        {
            var size = message.Size;
            // One alone is always taken, however large.
            if (_bytes > 0 && _bytes + size > MostBytes || !preparer.TryReserve(size))
            {
                if (message.Offset is null)
                    return true;
                // At its place among what waits: a member that enters behind it must not find the lane ahead of it.
                if (!_endsWithFall)
                    Enqueue(default);
                _endsWithFall = true;
                return false;
            }

            _bytes += size;
            Enqueue(new Item(message, null));
            _endsWithFall = false;
            return false;
        }
    }

    /// <summary>Puts work behind what waits.</summary>
    /// <param name="lane">Where it runs; null for all lanes that have members then.</param>
    /// <returns><see langword="false"/> if nothing waits: then the caller posts it.</returns>
    public bool TryAddBehind(ILaneWork work, Lane? lane)
    {
        lock (_gate)
        {
            if (!_isBusy)
                return false;
            Enqueue(new Item(work, lane));
            _endsWithFall = false;
            return true;
        }
    }

    /// <summary>Puts a notice behind what waits.</summary>
    /// <returns>Null if nothing waits: then the caller posts it. <see langword="false"/> if it is lost: too many wait.</returns>
    public bool? TryAddNotice(ILaneWork notice)
    {
        lock (_gate)
        {
            if (!_isBusy)
                return null;
            if (_notices == MostNotices)
                return false;
            _notices++;
            Enqueue(new Item(notice, null) { IsNotice = true });
            _endsWithFall = false;
            return true;
        }
    }

    public bool RunTurn()
    {
        for (var bytes = 0; bytes < MessagePreparer.BytesPerTurn;)
        {
            Item item;
            lock (_gate)
            {
                if (!_items.TryDequeue(out item))
                {
                    _isBusy = false;
                    return false;
                }

                _endsWithFall &= _items.Count > 0;
            }

            bytes += Run(item);
        }

        return true;
    }

    private void Enqueue(Item item)
    {
        _items.Enqueue(item);
        if (_isBusy)
            return;
        _isBusy = true;
        preparer.Schedule(this);
    }

    // About how much it was to do.
    private int Run(Item item)
    {
        switch (item)
        {
            case { Work: RoomMessage message }:
                // Who entered behind the message is counted too: one form too many at worst.
                if (preparer.CostlyForms(message, room.FormsInUse) is not MessageForms.None and var forms)
                    preparer.Prepare(message, forms);
                if (room.PostNow(message) is > 0 and var lost)
                    preparer.Metrics.Dropped(DropReason.LaneFull, lost);
                lock (_gate)
                    _bytes -= message.Size;
                preparer.Release(message.Size);
                return message.Size;

            case { Work: { } notice, IsNotice: true }:
                lock (_gate)
                    _notices--;
                if (room.PostNoticeNow(notice) is > 0 and var missed)
                    preparer.Metrics.Dropped(DropReason.LaneFull, missed);
                return 0;

            case { Work: { } work, Lane: { } lane }:
                lane.Post(work);
                return 0;

            case { Work: { } work }:
                room.PostToOccupiedNow(work);
                return 0;

            default:
                room.FallBehindNow();
                return 0;
        }
    }

    // Without work: the members read from the log what is missing from here on.
    private readonly record struct Item(ILaneWork? Work, Lane? Lane)
    {
        public bool IsNotice { get; init; }
    }
}
