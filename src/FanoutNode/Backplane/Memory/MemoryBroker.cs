using System.Collections.Concurrent;

namespace Fanout.Node.Backplane.Memory;

/// <summary>
/// What Redis is for many nodes, for one process: rooms with their members and subscribers. A node has one of its own; the contract suite
/// lets several nodes share one.
/// </summary>
internal sealed class MemoryBroker(TimeProvider time, HistoryTotal? historyTotal = null, UserOptions? users = null)
{
    private readonly ConcurrentDictionary<string, MemoryRoom> _rooms = new();
    private readonly HistoryTotal _total = historyTotal ?? new HistoryTotal(0, null);
    private readonly ConcurrentDictionary<string, Func<NodeInfo>> _nodes = new();
    private readonly TimeProvider _time = time;

    public MemoryControl Control { get; } = new(time);

    public LastSeen LastSeen { get; } = new(users ?? new UserOptions(), time);

    /// <summary>Null where no webhook is configured.</summary>
    public MemoryWebhookQueue? Webhooks { get; set; }

    public void AddNode(string nodeId, Func<NodeInfo> describe) => _nodes[nodeId] = describe;

    public void RemoveNode(string nodeId) => _nodes.TryRemove(nodeId, out _);

    public IReadOnlyList<NodeInfo> Nodes => [.. _nodes.Values.Select(describe => describe())];

    /// <summary>Runs an action on a room, alone; a room that nobody is in and nobody listens to is let go afterwards.</summary>
    public T With<T>(string name, Func<MemoryRoom, T> action)
    {
        while (true)
        {
            var room = _rooms.GetOrAdd(name, static (key, broker) => new MemoryRoom(key, broker._total, broker._time), this);
            lock (room)
            {
                if (room.IsRetired)
                    continue;
                try
                {
                    return action(room);
                }
                finally
                {
                    if (room.IsIdle)
                    {
                        room.IsRetired = true;
                        _rooms.TryRemove(new KeyValuePair<string, MemoryRoom>(name, room));
                    }
                }
            }
        }
    }

    /// <summary>Lets rooms go whose kept messages and positions have run out; nobody asks for them any more.</summary>
    public void Sweep()
    {
        LastSeen.Sweep();
        foreach (var name in _rooms.Keys)
            With(name, static _ => true);
    }

    /// <summary>Rooms that have members, with their counts.</summary>
    public IEnumerable<RoomSummary> OccupiedRooms()
    {
        foreach (var room in _rooms.Values)
        {
            int members;
            lock (room)
                members = room.Members.Count;
            if (members > 0)
                yield return new RoomSummary(room.Name, members);
        }
    }
}
