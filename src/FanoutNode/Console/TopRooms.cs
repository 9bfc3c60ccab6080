using Fanout.Node.Rooms;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Console;

/// <summary>Finds the busiest and the largest rooms of a node, by looking at all of them once in a while.</summary>
/// <remarks>
/// Used by the reporter alone. A look at 100,000 rooms takes some milliseconds: the next one comes when a hundred times as long has passed, so that
/// it never takes more than a hundredth of a core.
/// </remarks>
internal sealed class TopRooms(RoomRegistry rooms, TimeProvider time)
{
    // So many by each measure: the page shows ten, and nodes have different ones.
    private const int Count = 20;
    private const int Ease = 100;

    private IReadOnlyList<RoomReport> _last = [];
    private long _lastLook;
    private TimeSpan _pause;

    public IReadOnlyList<RoomReport> Look()
    {
        var now = time.GetTimestamp();
        if (_lastLook != 0 && time.GetElapsedTime(_lastLook, now) < _pause)
            return _last;
        _lastLook = now;
        var byMembers = new PriorityQueue<RoomReport, long>(Count + 1);
        var byRate = new PriorityQueue<RoomReport, double>(Count + 1);
        foreach (var room in rooms.All)
        {
            if (RoomName.IsOpsRoom(room.Name))
                continue;
            var members = room.LocalMembers;
            var rate = RateOf(room, now);
            if (members > 0 && (byMembers.Count < Count || Least(byMembers) < members))
                Put(byMembers, new RoomReport(room.Name, members, rate), members);
            if (rate > 0 && (byRate.Count < Count || Least(byRate) < rate))
                Put(byRate, new RoomReport(room.Name, members, rate), rate);
        }

        _pause = time.GetElapsedTime(now) * Ease;
        return _last = [.. Items(byRate).Concat(Items(byMembers)).DistinctBy(room => room.Room)];
    }

    private double RateOf(Room room, long now)
    {
        var (posted, (at, before)) = (room.Posted, room.LastLook);
        // Most rooms are silent.
        if (posted == 0)
            return 0;
        var seconds = at == 0 ? 0 : time.GetElapsedTime(at, now).TotalSeconds;
        room.LastLook = (now, posted);
        // A first look, and one after a pause, knows no rate.
        return seconds is > 0 and < 60 ? Math.Round((posted - before) / seconds, 2) : 0;
    }

    private static IEnumerable<RoomReport> Items<T>(PriorityQueue<RoomReport, T> queue) => queue.UnorderedItems.Select(item => item.Element);

    private static T Least<T>(PriorityQueue<RoomReport, T> queue) => queue.TryPeek(out _, out var least) ? least : default!;

    private static void Put<T>(PriorityQueue<RoomReport, T> queue, RoomReport room, T priority)
    {
        queue.Enqueue(room, priority);
        if (queue.Count > Count)
            queue.Dequeue();
    }
}
