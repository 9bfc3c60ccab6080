using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes;
using Fanout.Shared.Rooms;

namespace Fanout.Node.History;

/// <summary>The part of the sequencer that follows a room from one life to the next. The log says which one is current; the channel does not.</summary>
internal sealed partial class Sequencer
{
    private (string Epoch, long Newest)? _foreign;
    private bool _isAsking;

    // Under the lock. A message of another life: of a new one that this node has not heard of, or the rear of an old one. It is not kept: if it
    // counts, it is in the log, and is read from there once the log has said so.
    private void OnForeignEpoch(string epoch, long offset)
    {
        _foreign = _foreign is { } known && known.Epoch == epoch ? (epoch, Math.Max(known.Newest, offset)) : (epoch, offset);
        if (_isAsking)
            return;
        _isAsking = true;
        _ = GuardAsync(AskAsync());
    }

    private async Task AskAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (true)
        {
            (string Epoch, long Newest)? asked;
            lock (_gate)
                asked = _foreign;
            try
            {
                await ReconcileAsync();
            }
            catch
            {
                // The comparison after the reconnect will tell; until then the next message asks again.
                EndAsking();
                throw;
            }

            lock (_gate)
            {
                if (_foreign?.Epoch == _epoch || room.IsRetired)
                {
                    var newest = _foreign?.Newest ?? 0;
                    EndAsking();
                    if (newest > _last)
                        ReadUpTo(newest);
                    return;
                }

                if (_foreign == asked)
                {
                    // Asked after the last of them came, and it is still not the room's life: a rear.
                    EndAsking();
                    return;
                }
            }

            // More of them came meanwhile. A node that is stuck in the past may send them without end.
            await Task.Delay(GapRetryDelay, context.Time);
        }
    }

    private void EndAsking()
    {
        lock (_gate)
        {
            _isAsking = false;
            _foreign = null;
        }
    }

    private async Task RewindAsync(string brokenEpoch)
    {
        var position = await log.RewindAsync(room.Name, room.Policy, brokenEpoch);
        lock (_gate)
        {
            if (_epoch == brokenEpoch && position.Epoch != brokenEpoch)
                Adopt(position);
        }
    }

    // Under the lock. Nobody here has seen anything of the new life: it is followed from as far back as it is kept.
    private void Adopt(RoomPosition newest)
    {
        var position = newest with { Offset = Math.Max(0, newest.Offset - room.Policy.HistorySize) };
        _epoch = position.Epoch;
        MoveTo(position.Offset);
        WakeAll();
        _newestSeen = position.Offset;
        _recent.Clear();
        Pages.Clear();
        context.Metrics.Gap(GapOutcome.NewEpoch);
        room.PostToOccupied(new RoomResetWork(room, position));
        if (newest.Offset > position.Offset)
            ReadUpTo(newest.Offset);
    }
}
