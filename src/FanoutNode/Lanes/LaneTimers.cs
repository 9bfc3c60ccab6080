namespace Fanout.Node.Lanes;

/// <summary>
/// A timer wheel for one lane: every connection stands in the slot of its next deadline, so a tick touches only those that are due, and
/// no connection costs a timer.
/// </summary>
/// <remarks>
/// Only used on the lane. A client has one deadline; when an earlier one comes up it is put there too, and the old entry is let go when
/// its slot is walked, so that entries never multiply. Times are milliseconds of the lane's monotonic clock.
/// </remarks>
internal sealed class LaneTimers
{
    /// <summary>How exact a deadline is kept. 250 ms against heartbeats of 30 s costs four wake-ups a second and lane.</summary>
    public static readonly TimeSpan Resolution = TimeSpan.FromMilliseconds(250);

    // 256 slots of 250 ms reach 64 s ahead, past the default heartbeat timeout; what lies further is looked at early and put back.
    private const int SlotCount = 256;

    private const long RetryMs = 1_000;

    private readonly List<ILaneClient>?[] _slots = new List<ILaneClient>?[SlotCount];
    private readonly TimeProvider _time;
    private readonly long _start;
    private long _currentSlot;

    public LaneTimers(TimeProvider time)
    {
        _time = time;
        _start = time.GetTimestamp();
    }

    /// <summary>Milliseconds since the lane was made.</summary>
    public long Now => (long)_time.GetElapsedTime(_start).TotalMilliseconds;

    /// <summary>Asks for a look at the client when the time has come; nothing to do where one comes earlier anyway.</summary>
    public void Schedule(ILaneClient client, long due)
    {
        // Rounded up, and never into the slot that is being walked: a deadline is never looked at before its time.
        var slot = Math.Clamp((due / Step) + 1, _currentSlot + 1, _currentSlot + SlotCount - 1);
        if (client.TimerSlot != 0 && client.TimerSlot <= slot)
            return;
        client.TimerSlot = slot;
        (_slots[slot % SlotCount] ??= []).Add(client);
    }

    /// <summary>Looks at all clients whose time has come.</summary>
    public void Advance(Lane lane)
    {
        var now = Now;
        var target = now / Step;
        // After a long pause one turn of the wheel visits everybody; further turns would find nothing.
        if (target - _currentSlot > SlotCount)
            _currentSlot = target - SlotCount;
        while (_currentSlot < target)
        {
            _currentSlot++;
            ref var slot = ref _slots[_currentSlot % SlotCount];
            if (slot is not { Count: > 0 } due)
                continue;
            slot = null;
            foreach (var client in due)
            {
                // A client that left the lane since is let go here instead of being searched for when it leaves.
                if (!lane.Clients.TryGetValue(client.ClientId, out var current) || !ReferenceEquals(current, client))
                    continue;
                // An entry that an earlier deadline has replaced.
                if (client.TimerSlot % SlotCount != _currentSlot % SlotCount)
                    continue;
                client.TimerSlot = 0;
                Schedule(client, Look(client, lane, now));
            }

            due.Clear();
            slot ??= due;
        }
    }

    // One client's fault must not cost the others of its slot their heartbeats.
    private static long Look(ILaneClient client, Lane lane, long now)
    {
        try
        {
            return client.OnTimer(lane, now);
        }
        catch (Exception e)
        {
            lane.Report(e, "timer");
            return now + RetryMs;
        }
    }

    private static long Step => (long)Resolution.TotalMilliseconds;
}
