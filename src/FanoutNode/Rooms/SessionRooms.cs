namespace Fanout.Node.Rooms;

/// <summary>
/// The rooms of one session. Operations on one room run one after the other, so that a leave never overtakes the join before it, and the
/// close of the connection comes last; operations on different rooms run side by side.
/// </summary>
internal sealed class SessionRooms
{
    private readonly Lock _gate = new();
    private Dictionary<string, SessionRoom>? _rooms;
    private bool _closed;

    /// <summary>How many rooms the session is in or has operations under way for, or a few more: of those that were given back some are still there.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _rooms?.Count ?? 0;
        }
    }

    /// <summary>Whether it is one of <see cref="Names"/>.</summary>
    public bool Contains(string name)
    {
        lock (_gate)
            return _rooms is not null && _rooms.TryGetValue(name, out var room) && !room.IsGivenBack;
    }

    /// <summary>The names of the rooms that the session is in now.</summary>
    public IReadOnlyList<string> Joined
    {
        get
        {
            lock (_gate)
                return _rooms is null ? [] : [.. _rooms.Values.Where(room => room.IsJoined).Select(room => room.Name)];
        }
    }

    /// <summary>The names of the rooms that the session is in or has operations under way for.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            lock (_gate)
                return _rooms is null ? [] : [.. _rooms.Values.Where(room => !room.IsGivenBack).Select(room => room.Name)];
        }
    }

    /// <summary>Runs an operation on a room after all earlier ones on it; not at all once the session is closed.</summary>
    public void Enqueue(string name, Func<SessionRoom, Task> operation)
    {
        lock (_gate)
        {
            if (_closed)
                return;
            _rooms ??= [];
            if (!_rooms.TryGetValue(name, out var room))
                _rooms.Add(name, room = new SessionRoom(name));
            Append(room, operation);
        }
    }

    /// <summary>
    /// Called by an operation that ends outside of the room, before it answers: whoever has the answer may join another room in this one's place at once,
    /// and the operation's own end may come later than that.
    /// </summary>
    public void GiveBack(SessionRoom room)
    {
        lock (_gate)
        {
            // What waits behind it keeps the place.
            room.IsGivenBack = !room.IsJoined && room.Waiting == 1;
        }
    }

    /// <summary>Takes no more operations, and runs a last one on each room.</summary>
    /// <param name="onEach">Called for each of them before this returns.</param>
    public void Close(Action onEach, Func<SessionRoom, Task> last)
    {
        lock (_gate)
        {
            _closed = true;
            if (_rooms is null)
                return;
            foreach (var room in _rooms.Values)
            {
                onEach();
                Append(room, last);
            }
        }
    }

    private void Append(SessionRoom room, Func<SessionRoom, Task> operation)
    {
        room.IsGivenBack = false;
        room.Waiting++;
        room.Tail = RunAfterAsync(room.Tail, room, operation);
    }

    private async Task RunAfterAsync(Task previous, SessionRoom room, Func<SessionRoom, Task> operation)
    {
        // Off the caller's stack and lock in any case.
        await previous.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            await operation(room);
        }
        finally
        {
            lock (_gate)
            {
                if (--room.Waiting == 0)
                {
                    // A finished operation must not be kept alive by the place where the next one would be hung up.
                    room.Tail = Task.CompletedTask;
                    if (!room.IsJoined)
                        _rooms!.Remove(room.Name);
                }
            }
        }
    }
}
