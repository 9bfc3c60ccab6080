using Fanout.Node.Connections.Framing;
using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Connections;

/// <summary>The part of a connection that its lane runs: sending, heartbeats, closing.</summary>
internal sealed partial class Connection : ILaneClient
{
    // However slowly a peer takes what waits before its close frame.
    private const long LongestCloseMs = 60_000;

    private readonly TaskCompletionSource _closeSent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<LaneMember> _laneMembers = new(1);
    private Dictionary<LaneRoom, ReadOnlyMemory<byte>>? _newest;
    private List<ILaneWork>? _whenDrained;
    private Outbound _outbound = null!;
    private Action _abort = null!;
    private TokenLife _token;
    private long _lastPing;
    private long _pongDue = long.MaxValue;
    private long _closeBegan;
    private long _closeDeadline;
    private bool _closesPatiently;
    private bool _attached;
    private bool _endsSending;

    /// <summary>Completes when the close frame is with the transport, or will never be.</summary>
    public Task CloseSent => _closeSent.Task;

    /// <summary>Gives the connection its transport; before it is attached to the lane.</summary>
    /// <param name="outbound">The way out.</param>
    /// <param name="abort">Ends the reader at once; may be called more than once.</param>
    public void UseTransport(Outbound outbound, Action abort)
    {
        _outbound = outbound;
        _abort = abort;
    }

    /// <summary>Begins the connection's life on its lane: <c>connected</c> is its first message, behind the answer to the handshake.</summary>
    public void Attach(Lane lane, ReadOnlyMemory<byte> firstBytes, ReadOnlyMemory<byte> connectedFrame)
    {
        lane.Clients.Add(ClientId, this);
        lane.Forms.Add(this, 1);
        _attached = true;
        _lastPing = lane.Timers.Now;
        _token = new TokenLife(Principal.ExpiresAt, lane);
        lane.Timers.Schedule(this, NextDue());
        if (!firstBytes.IsEmpty)
            Send(firstBytes, null);
        if (!connectedFrame.IsEmpty)
            Send(connectedFrame, null);
    }

    /// <summary>A new token was taken.</summary>
    public void OnTokenRefreshed(Lane lane)
    {
        _token = new TokenLife(Principal.ExpiresAt, lane);
        lane.Timers.Schedule(this, NextDue());
    }

    /// <summary>Ends it: the connection leaves all member lists of the lane, and nothing is sent any more.</summary>
    public void Detach(Lane lane)
    {
        _attached = false;
        if (lane.Clients.Remove(ClientId))
            lane.Forms.Add(this, -1);
        foreach (var member in _laneMembers)
            member.Room.Remove(lane, member);
        _laneMembers.Clear();
        _closeSent.TrySetResult();
        _outbound.Uncount();
        (_outbound as IDisposable)?.Dispose();
        Gate.Open();
    }

    /// <summary>Takes the connection into a room's list on this lane; <paramref name="joined"/> goes out before the room's first message.</summary>
    public void AddTo(Lane lane, LaneMember member, ReadOnlyMemory<byte> joined, RoomPosition? at, RoomPosition? since)
    {
        if (!_attached)
        {
            member.Room.Room.CountOut(lane.Index, this);
            return;
        }

        Send(joined, null);
        _laneMembers.Add(member);
        member.Room.Add(lane, member, at, since);
    }

    public void RemoveFrom(Lane lane, LaneMember member)
    {
        if (!_laneMembers.Remove(member))
            return;
        member.Room.Remove(lane, member);
        // What was kept for it belongs to a room that it is not in any more.
        ForgetNewest(member.Room);
    }

    public void Send(ReadOnlyMemory<byte> frames, LaneRoom? room)
    {
        if (!_attached || IsClosing)
            return;
        if (room is { KeepsNewestOnly: true } && !_outbound.IsFlushed)
        {
            KeepNewest(room);
            return;
        }

        Lane.OutboundBytes += frames.Length;
        if (!_outbound.Send(frames))
        {
            Lane.Metrics.Dropped(DropReason.Backlog);
            CloseNow(CloseCode.SlowConsumer, "the client reads too slowly", dropBacklog: true);
        }
    }

    /// <summary>Sends a frame, or where it has no room behind what waits, a message that says so.</summary>
    public void Send(ReadOnlyMemory<byte> frame, ErrorMessage instead)
    {
        if (!_attached || IsClosing || _outbound.CanTake(frame.Length))
        {
            Send(frame, null);
            return;
        }

        Lane.Metrics.Dropped(DropReason.Backlog);
        Send(ServerFrames.Encode(Format, instead), null);
    }

    /// <summary>Sends the close frame behind what waits. A null code answers a close frame that had none.</summary>
    public void CloseNow(CloseCode? code, string reason, bool dropBacklog = false, bool byPeer = false)
    {
        if (!_attached || IsClosing)
            return;
        ClosedWith = code ?? CloseCode.Normal;
        IsClosedByPeer = byPeer;
        _newest = null;
        _closeBegan = Lane.Timers.Now;
        _closeDeadline = _closeBegan + CloseTimeoutMs;
        // It did nothing wrong, and may have a slow network: what waits is still for it, and takes the time that it takes.
        _closesPatiently = !dropBacklog && (byPeer || code is CloseCode.GoingAway or CloseCode.TokenExpired);
        Lane.Timers.Schedule(this, _closeDeadline);
        _outbound.SendLast(code is { } some ? ServerFrames.Close(some, reason) : ServerFrames.CloseWithoutCode(), dropBacklog);
    }

    public long TimerSlot { get; set; }

    public long OnTimer(Lane lane, long now)
    {
        if (IsClosing)
        {
            if (now >= CloseDue && !MayTakeLonger(now))
                Abort();
        }
        else if (_times.HeartbeatTimeout > TimeSpan.Zero && now - Volatile.Read(ref _lastReceived) >= (long)_times.HeartbeatTimeout.TotalMilliseconds)
        {
            // Whoever is silent will not answer a close frame either, but a one-way network may still carry it.
            CloseNow(CloseCode.HeartbeatMissed, "heartbeat missed", dropBacklog: true);
        }
        else if (_token.HasEnded(now))
        {
            CloseNow(CloseCode.TokenExpired, "the token has expired");
        }
        else if (_outbound.IsStalled(now))
        {
            lane.Metrics.Dropped(DropReason.Stalled);
            CloseNow(CloseCode.SlowConsumer, "the client has read nothing for too long", dropBacklog: true);
        }
        else if (_times.HeartbeatInterval > TimeSpan.Zero && now - _lastPing >= (long)_times.HeartbeatInterval.TotalMilliseconds)
        {
            _lastPing = now;
            Send(ServerFrames.Ping, null);
        }

        if (!IsClosing && now >= _pongDue)
        {
            _pongDue = long.MaxValue;
            if (_latePong!.Take() is { } pong)
                Send(pong, null);
        }

        if (!IsClosing && _token.TakeWarning(now))
            Send(ServerFrames.Encode(Format, new ExpiringMessage(_token.ExpiresAt)), null);
        return NextDue();
    }

    /// <summary>Looks again then for a ping that has not been answered.</summary>
    public void PongAt(long due)
    {
        _pongDue = due;
        Lane.Timers.Schedule(this, due);
    }

    public bool IsDrained => _outbound.IsFlushed;

    public void WhenDrained(ILaneWork work) => (_whenDrained ??= []).Add(work);

    /// <summary>The transport did not take everything: see to it that a stall is noticed.</summary>
    public void OnBlocked() => Lane.Timers.Schedule(this, _outbound.StallDeadline);

    /// <summary>The transport took everything.</summary>
    public void OnFlushed()
    {
        if (IsClosing)
            OnCloseSent();
        else if (_newest is not null)
            SendNewest();
        if (_whenDrained is not { } waiting)
            return;
        _whenDrained = null;
        foreach (var work in waiting)
            Lane.Post(work);
    }

    /// <summary>Sends the end of our side as soon as the close frame is out.</summary>
    public void EndSending()
    {
        _endsSending = true;
        if (IsClosing && _outbound.IsFlushed)
            OnCloseSent();
    }

    private void OnCloseSent()
    {
        if (_closesPatiently && !_closeSent.Task.IsCompleted)
        {
            _closeDeadline = Lane.Timers.Now + CloseTimeoutMs;
            // The next look may be at the later moment at which the peer would have stalled.
            Lane.Timers.Schedule(this, _closeDeadline);
            // From here on counts what the peer takes.
            _outbound.IsBeingTaken();
        }

        _closeSent.TrySetResult();
        if (_endsSending && _attached)
            _outbound.EndSending();
    }

    /// <summary>The transport failed: no close frame can be sent; the reader ends and reports it.</summary>
    public void OnTransportLost() => Abort();

    /// <summary>There is no more time for it.</summary>
    public void OnGivenUp()
    {
        if (_attached)
            Abort();
    }

    private void Abort()
    {
        _closeSent.TrySetResult();
        _abort();
    }

    public void ForgetNewest(LaneRoom room) => _newest?.Remove(room);

    private void KeepNewest(LaneRoom room)
    {
        _newest ??= [];
        if (!_newest.TryAdd(room, default))
            Lane.Metrics.Dropped(DropReason.Superseded);
        _newest[room] = room.NewestFrameFor(this);
    }

    private void SendNewest()
    {
        var newest = _newest!;
        _newest = null;
        foreach (var frame in newest.Values)
            Send(frame, null);
    }

    private long CloseTimeoutMs => (long)_times.CloseTimeout.TotalMilliseconds;

    // While bytes wait for it, a peer is judged as one that is open: by whether it takes any.
    private long CloseDue => _closesPatiently && !_outbound.IsFlushed ? Math.Min(_outbound.StallDeadline, _closeBegan + LongestCloseMs) : _closeDeadline;

    // The transport has everything, and the kernel still sends it: megabytes, for a peer with a long or slow way.
    private bool MayTakeLonger(long now)
    {
        if (!_closesPatiently || !_outbound.IsFlushed || now >= _closeBegan + LongestCloseMs || !_outbound.IsBeingTaken())
            return false;
        _closeDeadline = now + CloseTimeoutMs;
        return true;
    }

    private long NextDue()
    {
        if (IsClosing)
            return CloseDue;
        var due = Math.Min(_token.Due, _pongDue);
        if (_times.HeartbeatInterval > TimeSpan.Zero)
            due = Math.Min(due, _lastPing + (long)_times.HeartbeatInterval.TotalMilliseconds);
        if (_times.HeartbeatTimeout > TimeSpan.Zero)
            due = Math.Min(due, Volatile.Read(ref _lastReceived) + (long)_times.HeartbeatTimeout.TotalMilliseconds);
        if (!_outbound.IsFlushed)
            due = Math.Min(due, _outbound.StallDeadline);
        return due;
    }
}
