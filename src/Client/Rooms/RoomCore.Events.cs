namespace Fanout.Client.Rooms;

/// <content>What is told; see <see cref="FanoutRoom"/>.</content>
internal sealed partial class RoomCore
{
    public event Action<FanoutJoined>? Joined;

    public event Action<FanoutJoined>? Recovered;

    public event Action<FanoutReset>? Reset;

    public event Action<FanoutRemoved>? Removed;

    public event Action<FanoutPresenceChange>? PresenceChanged;

    public event Action<IReadOnlyDictionary<string, FanoutMember>>? MembersChanged;

    public event Action<FanoutRoomState>? StateChanged;

    public event Action<FanoutException>? Failed;

    private bool HasHandlers =>
        ((Delegate?)Joined ?? Recovered ?? Reset ?? Removed ?? PresenceChanged ?? MembersChanged ?? StateChanged ?? (Delegate?)Failed) is not null;

    /// <summary>Adds a handler, and sees to it that the room is not forgotten. Not in a turn.</summary>
    public void Listen(Action<RoomCore> add)
    {
        using var turn = _host.Turns.Take();
        _host.Keep(this);
        add(this);
    }
}
