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
}
