using System.Text;
using Fanout.Node.Backplane;
using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes;
using Fanout.Node.Rooms;
using Fanout.Shared.Rooms;

namespace Fanout.Node.History;

/// <summary>
/// Puts one room's messages in order on this node, before the lanes: next offset, deliver; ahead, a gap, which is read from the log; behind,
/// a repetition or a sign that the backplane went back in time. All lanes see one sequence without gaps, or a reset.
/// </summary>
/// <remarks>
/// Thread-safe. Messages are handed to the lanes under <see cref="_gate"/>, so that their order is the sequencer's order; handing over is
/// a queue operation and never waits. While a gap is being read, newer messages are not held back here: the reading goes on until it
/// has reached the newest that was seen, so a gap costs no memory.
/// </remarks>
internal sealed partial class Sequencer(Room room, IRoomLog log, HistoryContext context) : ICatchUpSource
{
    // Messages in one read of a gap: a lost connection of some seconds in a busy room is a few reads.
    private const int GapPageSize = 256;
    private static readonly TimeSpan GapRetryDelay = TimeSpan.FromMilliseconds(250);

    // From the script's PUBLISH to this node, on a bad day.
    private static readonly TimeSpan OnItsWay = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly RecentIds _recent = new();
    private string? _epoch;
    private long _last;
    private long _newestSeen;
    private bool _isReading;
    private Task? _positioning;
    private List<(long Offset, TaskCompletionSource Reached)>? _waiters;

    /// <summary>Pages for the members that catch up.</summary>
    public RoomPages Pages { get; } = new(room, log, context.Time);

    /// <summary>Where the room is on this node; null before <see cref="EnsurePositionedAsync"/>.</summary>
    public RoomPosition? Position
    {
        get
        {
            lock (_gate)
                return _epoch is null ? null : new RoomPosition(_epoch, _last);
        }
    }

    /// <summary>
    /// Learns where the room is. Called after the subscription was confirmed: what is published from then on is heard, what was published
    /// before is in the position.
    /// </summary>
    /// <exception cref="BackplaneUnavailableException">The backplane cannot be asked; the next caller tries again.</exception>
    public Task EnsurePositionedAsync()
    {
        lock (_gate)
        {
            if (_epoch is not null)
                return Task.CompletedTask;
            if (_positioning is null || _positioning.IsFaulted)
                _positioning = PositionAsync();
            return _positioning;
        }
    }

    /// <summary>
    /// Lets a member enter at a position: whatever the sequencer delivers afterwards reaches that lane behind the work that is made here.
    /// </summary>
    public void Enter(Lane lane, ILaneClient client, Func<RoomPosition, ILaneWork> work)
    {
        lock (_gate)
        {
            room.CountIn(lane.Index, client);
            room.PostBehind(lane, work(new RoomPosition(_epoch!, _last)));
        }
    }

    /// <summary>A message came from the backplane.</summary>
    public void OnMessage(ReadOnlySpan<byte> epoch, long offset, ReadOnlyMemory<byte> data)
    {
        lock (_gate)
        {
            if (_epoch is null)
            {
                // Before the position is known: if the message is not in it, the reading that follows will find it.
                _newestSeen = Math.Max(_newestSeen, offset);
                return;
            }

            if (!Ascii.Equals(epoch, _epoch))
            {
                OnForeignEpoch(Encoding.ASCII.GetString(epoch), offset);
                return;
            }

            if (offset == _last + 1)
                Deliver(offset, data);
            else if (offset > _last)
                ReadUpTo(offset);
            else
                CheckRepetition(offset, data);
        }
    }

    /// <summary>The backplane says that the room began anew.</summary>
    public void OnNewEpoch(ReadOnlySpan<byte> epoch)
    {
        lock (_gate)
        {
            if (_epoch is not null && !Ascii.Equals(epoch, _epoch))
                OnForeignEpoch(Encoding.ASCII.GetString(epoch), 0);
        }
    }

    /// <summary>Compares with the backplane and closes what is missing: the last message before a silence counts too.</summary>
    /// <exception cref="BackplaneUnavailableException">The backplane cannot be asked.</exception>
    public async Task ReconcileAsync()
    {
        RoomPosition before;
        lock (_gate)
        {
            if (_epoch is null)
                return;
            before = new RoomPosition(_epoch, _last);
        }

        var page = await log.ReadAsync(room.Name, room.Policy, 1, 0);
        var goneBack = false;
        lock (_gate)
        {
            // Compared with what was delivered before the question was asked: later messages may have overtaken the answer.
            if (_epoch != before.Epoch)
                return;
            if (page.Position.Epoch != _epoch)
                Adopt(page.Position);
            else if (page.Position.Offset < before.Offset)
                goneBack = true;
            else if (page.Position.Offset <= _last)
                return;
        }

        if (goneBack)
            await RewindAsync(before.Epoch);
        else
            await ReachSoonAsync(page.Position);
    }

    // What the log has and this node has not is most likely on its way: only what does not come in a moment is a gap.
    private async Task ReachSoonAsync(RoomPosition position)
    {
        await Task.Delay(OnItsWay, context.Time);
        lock (_gate)
        {
            if (_epoch == position.Epoch && _last < position.Offset)
                ReadUpTo(position.Offset);
        }
    }

    private async Task PositionAsync()
    {
        var page = await log.ReadAsync(room.Name, room.Policy, 1, 0);
        lock (_gate)
        {
            _epoch = page.Position.Epoch;
            _last = page.Position.Offset;
            if (_newestSeen > _last)
                ReadUpTo(_newestSeen);
        }
    }

    // Under the lock, like all that follow.
    private void Deliver(long offset, ReadOnlyMemory<byte> data)
    {
        MoveTo(offset);
        if (RoomMessages.TryRead(room, _epoch, offset, data, out var message))
        {
            _recent.Set(offset, message.Id);
            room.Post(message);
        }
        else
        {
            // Its place is taken all the same; lanes see a jump that they may ignore.
            context.CountUndecodable(data.Length);
        }
    }

    private void CheckRepetition(long offset, ReadOnlyMemory<byte> data)
    {
        var same = MessageCodec.TryDecode(data, out var stored) ? _recent.WasDelivered(offset, _last, stored.Id) : true;
        switch (same)
        {
            case true:
                return;
            case false:
                // Another message at an offset that was delivered: the backplane lost entries and counts again.
                _ = GuardAsync(RewindAsync(_epoch!));
                break;
            default:
                // Too long ago to tell. Once for as many as may come: a slow subscriber's whole backlog can consist of them.
                _ = GuardAsync(CompareOnceAsync());
                break;
        }
    }

    private void ReadUpTo(long offset)
    {
        _newestSeen = Math.Max(_newestSeen, offset);
        if (_isReading)
            return;
        _isReading = true;
        _ = ReadGapAsync();
    }

    private async Task ReadGapAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (true)
        {
            RoomPosition before;
            lock (_gate)
            {
                if (_last >= _newestSeen || room.IsRetired)
                {
                    _isReading = false;
                    return;
                }

                before = new RoomPosition(_epoch!, _last);
            }

            var hasMoved = false;
            try
            {
                var page = await log.ReadAsync(room.Name, room.Policy, before.Offset + 1, GapPageSize);
                lock (_gate)
                {
                    TakeGap(page, before);
                    hasMoved = _epoch != before.Epoch || _last > before.Offset || _last >= _newestSeen;
                }
            }
            catch (Exception e)
            {
                if (e is not BackplaneUnavailableException)
                    context.LogFailed(e, room.Name.Length);
            }

            // Whatever the reason: asking again at once would be asked the same.
            if (!hasMoved)
                await Task.Delay(GapRetryDelay, context.Time);
        }
    }

    private void TakeGap(LogPage page, RoomPosition before)
    {
        // The answer to a question of a life that ended meanwhile.
        if (_epoch != before.Epoch)
            return;
        if (page.Position.Epoch != _epoch)
        {
            Adopt(page.Position);
            return;
        }

        var (lost, filled) = (false, false);
        foreach (var entry in page.Entries)
        {
            if (entry.Offset <= _last)
                continue; // Came live meanwhile.
            if (entry.Offset > _last + 1)
            {
                // The log does not reach back so far: say so, then go on behind the hole.
                lost = true;
                Jump(entry.Offset - 1);
            }

            Deliver(entry.Offset, entry.Data);
            filled = true;
        }

        if (page.Entries.Count == 0 && page.Position.Offset > _last)
        {
            lost = true;
            Jump(page.Position.Offset);
        }

        // The log is the truth: what was seen beyond it does not exist there, and a comparison will say why.
        if (page.Entries.Count == 0 && page.Position.Offset <= _last && _newestSeen > _last)
        {
            _newestSeen = _last;
            _ = GuardAsync(CompareOnceAsync());
        }

        if (lost || filled)
            context.Metrics.Gap(lost ? GapOutcome.Lost : GapOutcome.Filled);
    }

    private void Jump(long offset)
    {
        MoveTo(offset);
        // What is noted stands before the hole. A late message out of it must not be taken for another one at an offset of theirs.
        _recent.Clear();
        room.PostToOccupied(new RoomResetWork(room, new RoomPosition(_epoch!, _last)));
    }

    private async Task GuardAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (BackplaneUnavailableException)
        {
            // The comparison after the reconnect, or the next regular one, finds the same and tries again.
        }
        catch (Exception e)
        {
            context.LogFailed(e, room.Name.Length);
        }
    }
}
