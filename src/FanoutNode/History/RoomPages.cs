using Fanout.Node.Backplane;
using Fanout.Node.Lanes;
using Fanout.Node.Rooms;

namespace Fanout.Node.History;

/// <summary>
/// Reads a room's kept messages for the members that catch up. Pages begin at fixed offsets and are shared while they are read and for a
/// while after, so that 5,000 members that come back to one room are some reads and not 5,000.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class RoomPages(Room room, IRoomLog log, TimeProvider time)
{
    /// <summary>Messages in a page: the default history of 256 is four reads, and a page of small messages is a few socket writes.</summary>
    public const int PageSize = 64;

    // Long enough for a crowd that was cut at one moment to come back (their delays spread over seconds), short enough that the pages of
    // a quiet room are not kept for nothing.
    private static readonly TimeSpan KeepFor = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<long, (Task<CatchUpPage> Page, long ReadAt)> _pages = [];

    /// <summary>The page in which the message at this offset stands; it may begin later if that is gone, or end earlier if it is yet to come.</summary>
    /// <exception cref="BackplaneUnavailableException">The backplane cannot be asked.</exception>
    public Task<CatchUpPage> ReadAsync(long offset)
    {
        var start = ((Math.Max(offset, 1) - 1) / PageSize * PageSize) + 1;
        var end = start + PageSize - 1;
        lock (_gate)
        {
            while (_pages.TryGetValue(start, out var known))
            {
                if (IsGood(known.Page, known.ReadAt, offset))
                    return known.Page;
                if (EndOfShort(known.Page, known.ReadAt, offset) is not { } last)
                    break;
                start = last + 1;
            }

            Trim();
            var page = LoadAsync(start, (int)(end - start + 1));
            _pages[start] = (page, time.GetTimestamp());
            return page;
        }
    }

    /// <summary>Forgets everything: the epoch ended.</summary>
    public void Clear()
    {
        lock (_gate)
            _pages.Clear();
    }

    private bool IsGood(Task<CatchUpPage> page, long readAt, long offset)
    {
        if (!page.IsCompleted)
            return true; // Being read: whatever it will not cover is asked for again.
#pragma warning disable RS0030 // Completed: there is nothing to wait for.
        return page.IsCompletedSuccessfully && page.Result.Covers(offset) && time.GetElapsedTime(readAt) < KeepFor;
#pragma warning restore RS0030
    }

    // Large messages: the page was cut short by its bytes, and what is wanted stands in the one that begins where it ends.
    private long? EndOfShort(Task<CatchUpPage> page, long readAt, long offset)
    {
#pragma warning disable RS0030 // As above.
        return page.IsCompletedSuccessfully && time.GetElapsedTime(readAt) < KeepFor && page.Result is { IsShort: true, Last: var last } && last < offset ? last : null;
#pragma warning restore RS0030
    }

    private void Trim()
    {
        foreach (var (start, page) in _pages)
        {
            if (page.Page.IsCompleted && time.GetElapsedTime(page.ReadAt) >= KeepFor)
                _pages.Remove(start);
        }
    }

    private async Task<CatchUpPage> LoadAsync(long start, int count)
    {
        var page = await log.ReadAsync(room.Name, room.Policy, start, count);
        var messages = new List<RoomMessage>(page.Entries.Count);
        foreach (var entry in page.Entries)
        {
            if (RoomMessages.TryRead(room, page.Position.Epoch, entry.Offset, entry.Data, out var message))
                messages.Add(message);
        }

        var newest = page.Position.Offset;
        return page.Entries.Count == 0
            ? new CatchUpPage(page.Position.Epoch, newest, newest + 1, newest, messages)
            : new CatchUpPage(page.Position.Epoch, newest, page.Entries[0].Offset, page.Entries[^1].Offset, messages)
            {
                IsShort = page.Entries.Count < count && page.Entries[^1].Offset < newest,
            };
    }
}
