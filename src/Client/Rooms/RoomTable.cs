namespace Fanout.Client.Rooms;

/// <summary>
/// A client's rooms by their names. One that nothing hangs on is held weakly, so that a program may go through any number of names, and
/// still gets the same room for the same name as long as it holds one. Used in turns.
/// </summary>
internal sealed class RoomTable(Func<string, RoomCore> make)
{
    private const int FirstSweep = 64;
    private readonly Dictionary<string, RoomCore> _rooms = [];
    private readonly Dictionary<string, WeakReference<RoomCore>> _idle = [];
    private int _sweepAt = FirstSweep;

    /// <summary>Those that something hangs on, and perhaps others.</summary>
    public IReadOnlyCollection<RoomCore> All => _rooms.Values;

    public RoomCore? Find(string name) => _rooms.GetValueOrDefault(name);

    public RoomCore Get(string name)
    {
        if (_rooms.TryGetValue(name, out var room))
            return room;
        if (!_idle.TryGetValue(name, out var weak) || !weak.TryGetTarget(out room))
            room = make(name);
        Keep(room);
        return room;
    }

    /// <summary>Something is about to hang on the room.</summary>
    public void Keep(RoomCore room)
    {
        if (_rooms.ContainsKey(room.Name))
            return;
        if (_rooms.Count >= _sweepAt)
            Sweep();
        _idle.Remove(room.Name);
        _rooms.Add(room.Name, room);
    }

    private void Sweep()
    {
        foreach (var (name, weak) in _idle)
        {
            if (!weak.TryGetTarget(out _))
                _idle.Remove(name);
        }

        foreach (var (name, room) in _rooms)
        {
            if (!room.IsIdle)
                continue;
            _rooms.Remove(name);
            _idle[name] = new WeakReference<RoomCore>(room);
        }

        // As many again may come before the next one, so that each name costs little.
        _sweepAt = Math.Max(FirstSweep, 2 * _rooms.Count);
    }
}
