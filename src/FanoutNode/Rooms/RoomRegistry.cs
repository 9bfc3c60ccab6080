using System.Collections.Concurrent;
using Fanout.Node.Backplane;
using Fanout.Node.Diagnostics;
using Fanout.Node.History;
using Fanout.Node.Lanes;
using Fanout.Node.Lanes.Preparation;
using Fanout.Node.Limits;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Rooms;

/// <summary>
/// The rooms that this node is interested in. The first local member subscribes, the last one's leave starts a linger time after which the
/// subscription is given up: a reload of a page does not cost an unsubscribe and a subscribe.
/// </summary>
internal sealed class RoomRegistry : IDisposable
{
    // Longer than a reload of a page or a reconnect takes, short enough that rooms of the past do not cost traffic for long.
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Room> _rooms = new();
    private readonly ConcurrentDictionary<string, Room>.AlternateLookup<ReadOnlySpan<char>> _byChars;
    private readonly ConcurrentQueue<(Room Room, long Due)> _lingering = new();
    private readonly RoomPolicies _policies;
    private readonly LaneSet _lanes;
    private readonly IBackplane _backplane;
    private readonly HistoryContext _history;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly ITimer _timer;
    private readonly MessagePreparer _preparer;
    private readonly int _mostRooms;
    private int _count;

    public RoomRegistry(
        RoomPolicies policies, LaneSet lanes, IBackplane backplane, HistoryContext history, MessagePreparer preparer, LimitsOptions limits, TimeProvider time, FanoutMetrics metrics)
    {
        (_preparer, _mostRooms) = (preparer, limits.MaxRooms);
        _byChars = _rooms.GetAlternateLookup<ReadOnlySpan<char>>();
        _policies = policies;
        _lanes = lanes;
        _backplane = backplane;
        _history = history;
        _time = time;
        _start = time.GetTimestamp();
        _timer = time.CreateTimer(_ => ReleaseLingering(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        metrics.ObserveRooms(() => Count);
    }

    /// <summary>How many there are; those for operators are not counted, so that a console that looks takes nobody's place.</summary>
    public int Count => Volatile.Read(ref _count);

    public IEnumerable<Room> All => _rooms.Values;

    /// <summary>The room if this node knows it; the lookup of the hot path.</summary>
    public Room? Find(ReadOnlySpan<char> name) => _byChars.TryGetValue(name, out var room) ? room : null;

    /// <summary>Counts one more member in, and makes the room if need be. Pair with <see cref="Release"/>.</summary>
    /// <returns>Null where it would be a room more than the node takes.</returns>
    public Room? TryAcquire(string name)
    {
        while (true)
        {
            if (!_rooms.TryGetValue(name, out var room) && (room = TryAdd(name)) is null)
                return null;
            lock (room.Gate)
            {
                // Between the lookup and the lock its linger may have ended: then another one takes its place.
                if (room.IsRetired)
                    continue;
                room.References++;
                return room;
            }
        }
    }

    /// <summary>Completes when the backplane confirmed the subscription, so that nothing published after it is missed.</summary>
    /// <exception cref="BackplaneUnavailableException">It could not be had; the next caller tries again.</exception>
    public Task EnsureSubscribedAsync(Room room)
    {
        lock (room.Gate)
        {
            if (room.Subscription is null || room.Subscription.IsFaulted || room.Subscription.IsCanceled)
                room.Subscription = _backplane.SubscribeAsync(room.Name).AsTask();
            return room.Subscription;
        }
    }

    public void Release(Room room)
    {
        lock (room.Gate)
        {
            if (--room.References == 0)
                _lingering.Enqueue((room, Now + (long)Linger.TotalMilliseconds));
        }
    }

    public void Dispose() => _timer.Dispose();

    private long Now => (long)_time.GetElapsedTime(_start).TotalMilliseconds;

    // The place is taken before the room is there: many joins at once must not pass the limit together.
    private Room? TryAdd(string name)
    {
        // A node that is full must still tell its operators that it is.
        if (RoomName.IsOpsRoom(name))
            return _rooms.GetOrAdd(name, Create);
        if (Interlocked.Increment(ref _count) > _mostRooms && _mostRooms > 0)
        {
            Interlocked.Decrement(ref _count);
            // Somebody else's join may have made it in the meantime.
            return _rooms.GetValueOrDefault(name);
        }

        var made = Create(name);
        var room = _rooms.GetOrAdd(name, made);
        if (room != made)
            Interlocked.Decrement(ref _count);
        return room;
    }

    private Room Create(string name)
    {
        var room = new Room(name, _policies.For(name), _lanes, _preparer);
        if (room.Policy.HasHistory)
            room.UseSequencer(new Sequencer(room, _backplane.Log, _history));
        return room;
    }

    private void ReleaseLingering()
    {
        // In order of their due times, since the linger is the same for all. A room that was taken again stands here for nothing.
        while (_lingering.TryPeek(out var next) && next.Due <= Now && _lingering.TryDequeue(out next))
        {
            lock (next.Room.Gate)
            {
                if (next.Room.References > 0 || next.Room.IsRetired)
                    continue;
                next.Room.IsRetired = true;
                // Inside the lock, so that a newcomer's subscribe for the same name cannot overtake this.
                _backplane.Unsubscribe(next.Room.Name);
                if (_rooms.TryRemove(new KeyValuePair<string, Room>(next.Room.Name, next.Room)) && !next.Room.IsForOperators)
                    Interlocked.Decrement(ref _count);
            }
        }
    }
}
