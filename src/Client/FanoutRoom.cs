using Fanout.Client.Rooms;

namespace Fanout.Client;

/// <summary>
/// A room: that you are in it is a wish that outlives connections. It is joined again after each reconnect, behind the last message that
/// came, so that every message is seen once. Events are raised one after the other, never at the same time; a handler should be quick.
/// </summary>
public abstract class FanoutRoom
{
    internal FanoutRoom(RoomCore core) => Core = core;

    /// <summary>The room's name.</summary>
    public string Name => Core.Name;

    /// <summary>Where it stands.</summary>
    public FanoutRoomState State
    {
        get
        {
            using var turn = Core.Host.Turns.Take();
            return Core.State;
        }
    }

    /// <summary>
    /// The last message that came. Your handlers may be behind: store <see cref="FanoutMessage{T}.Position"/> of what you have dealt with.
    /// Absent before the first join and in a room without history.
    /// </summary>
    public FanoutPosition? Position
    {
        get
        {
            using var turn = Core.Host.Turns.Take();
            return Core.Position;
        }
    }

    /// <summary>Who is here, by client id: a snapshot. Kept up to date with <see cref="FanoutRoomOptions.Presence"/>, else empty.</summary>
    public IReadOnlyDictionary<string, FanoutMember> Members
    {
        get
        {
            using var turn = Core.Host.Turns.Take();
            return Core.MembersView;
        }
    }

    internal RoomCore Core { get; }

    /// <summary>A membership has begun: the first, and after each reconnect.</summary>
    public event Action<FanoutJoined>? Joined
    {
        add => Core.Listen(core => core.Joined += value);
        remove => Core.Joined -= value;
    }

    /// <summary>Back after a lost connection, or begun behind a stored position, and what was missed follows: nothing to do.</summary>
    public event Action<FanoutJoined>? Recovered
    {
        add => Core.Listen(core => core.Recovered += value);
        remove => Core.Recovered -= value;
    }

    /// <summary>Messages may have been missed: reload your state of this room.</summary>
    public event Action<FanoutReset>? Reset
    {
        add => Core.Listen(core => core.Reset += value);
        remove => Core.Reset -= value;
    }

    /// <summary>The node put us out; the room is not joined again until you ask for it.</summary>
    public event Action<FanoutRemoved>? Removed
    {
        add => Core.Listen(core => core.Removed += value);
        remove => Core.Removed -= value;
    }

    /// <summary>Somebody came or went, with <see cref="FanoutRoomOptions.Presence"/>.</summary>
    public event Action<FanoutPresenceChange>? PresenceChanged
    {
        add => Core.Listen(core => core.PresenceChanged += value);
        remove => Core.PresenceChanged -= value;
    }

    /// <summary>The list of members has changed, with <see cref="FanoutRoomOptions.Presence"/>.</summary>
    public event Action<IReadOnlyDictionary<string, FanoutMember>>? MembersChanged
    {
        add => Core.Listen(core => core.MembersChanged += value);
        remove => Core.MembersChanged -= value;
    }

    /// <summary><see cref="State"/> has changed.</summary>
    public event Action<FanoutRoomState>? StateChanged
    {
        add => Core.Listen(core => core.StateChanged += value);
        remove => Core.StateChanged -= value;
    }

    /// <summary>A join was refused for good and nobody waits for it, or the members could not be read.</summary>
    public event Action<FanoutException>? Failed
    {
        add => Core.Listen(core => core.Failed += value);
        remove => Core.Failed -= value;
    }

    /// <summary>Joins, and stays until <see cref="LeaveAsync"/>. The room stays wanted even if the waiting is cancelled.</summary>
    /// <exception cref="FanoutException">The node refuses for good, such as <c>forbidden</c>, or the client is closed.</exception>
    public Task<FanoutJoined> JoinAsync(CancellationToken cancellationToken = default) => Core.JoinAsync(cancellationToken);

    /// <summary>Leaves, and forgets the position.</summary>
    public Task LeaveAsync(CancellationToken cancellationToken = default) => Core.LeaveAsync(cancellationToken);

    /// <summary>How many are here, and who: one page, as the node tells it. You need not be a member.</summary>
    /// <param name="after"><see cref="FanoutPresencePage.Next"/> of the page before.</param>
    /// <param name="limit">1 to 1,000; default 100.</param>
    public Task<FanoutPresencePage> GetPresenceAsync(string? after = null, int? limit = null, CancellationToken cancellationToken = default) =>
        Core.PresenceAsync(countOnly: false, after, limit, cancellationToken);

    /// <summary>How many are here. You need not be a member.</summary>
    public Task<FanoutPresencePage> GetCountsAsync(CancellationToken cancellationToken = default) =>
        Core.PresenceAsync(countOnly: true, null, null, cancellationToken);
}
