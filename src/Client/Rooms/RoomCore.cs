using Fanout.Client.Connection;
using Fanout.Client.Threading;
using Fanout.Client.Wire;
using Fanout.Shared.Rooms;

namespace Fanout.Client.Rooms;

/// <summary>
/// One room. That one is in it is a wish that outlives connections: it is joined again after each reconnect, behind the last message that
/// came, so that every message is seen once. Everything but <see cref="JoinAsync"/> and <see cref="LeaveAsync"/> is called in a turn.
/// </summary>
internal sealed partial class RoomCore
{
    private readonly IRoomHost _host;
    private readonly Members _members = new();
    private readonly List<IMessageSink> _sinks = [];
    private readonly List<TaskCompletionSource<FanoutJoined>> _waiters = [];
    private readonly Backoff _backoff;
    private readonly ClientTimer _retry;
    private readonly ClientTimer _membersRetry;
    private bool _presence;
    private int? _last;

    // Somebody called JoinAsync, so that the last subscription to end does not leave.
    private bool _kept;
    private int _subscriptions;
    private bool _wanted;

    // On this connection. What comes for a room that we are not in has no place in its order.
    private bool _member;
    private bool _entering;

    // Whether the last join asked for notices; the handshake cannot.
    private bool _noticesAsked;

    // Counts joins and leaves, so that an answer to an older one is known.
    // From 1 on: 0 stands for no turn in _queried.
    private int _turn = 1;

    // The turn that the handshake's answer, which has no id, is due for; 0: none is due.
    private int _queried;
    private FanoutJoined? _joined;

    public RoomCore(string name, IRoomHost host)
    {
        Name = name;
        _host = host;
        _backoff = host.Settings.NewBackoff();
        _retry = host.Settings.NewTimer(host.Turns);
        _membersRetry = host.Settings.NewTimer(host.Turns);
    }

    public string Name { get; }

    public FanoutRoomState State { get; private set; }

    public FanoutPosition? Position { get; private set; }

    public IReadOnlyDictionary<string, FanoutMember> MembersView => _members.View;

    public IRoomHost Host => _host;

    /// <summary>Whether publishes should wait for a join that is on its way.</summary>
    public bool IsEntering => _wanted && !_member && !IsAll;

    /// <summary>Whether nothing hangs on it: it could be made anew and nobody would notice.</summary>
    public bool IsIdle => !_wanted && !_member && !_entering && _queried == 0 && _sinks.Count == 0 && _waiters.Count == 0 && _joined is null
        && Position is null && _last is null && !_presence && !HasHandlers;

    private bool IsAll => Name == RoomName.All;

    /// <summary>
    /// As in <c>rooms=</c> of the handshake; null where a <c>join</c> is better, since it can ask for notices. A user's own room is joined by
    /// the handshake in any case, so here alone it can say where to begin.
    /// </summary>
    public string? QueryItem
    {
        get
        {
            if (!_wanted || IsAll || (_presence && !RoomName.IsUserRoom(Name)))
                return null;
            if (Position is { } position)
                return FormattableString.Invariant($"{Name};{position.Epoch};{position.Offset}");
            return _last is { } last && _joined is null ? FormattableString.Invariant($"{Name};;{last}") : Name;
        }
    }

    /// <summary>Adds what a later <c>client.Room(name, options)</c> asks for.</summary>
    public void Extend(FanoutRoomOptions options)
    {
        if (options.Presence && !_presence)
        {
            _presence = true;
            if (_member)
                SendJoin();
        }

        if (_joined is not null)
            return;
        _last = options.Last ?? _last;
        Position = options.Since ?? Position;
    }

    /// <summary>Joins, and stays until <see cref="LeaveAsync"/>.</summary>
    public async Task<FanoutJoined> JoinAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var waiter = new TaskCompletionSource<FanoutJoined>(TaskCreationOptions.RunContinuationsAsynchronously);
        using (_host.Turns.Take())
        {
            var joined = BeginToWait(waiter);
            _kept = true;
            if (joined is not null)
                return joined;
            Want();
        }

        return await WaitAsync(waiter, cancellation);
    }

    /// <summary>Waits until one is a member, without a wish of its own.</summary>
    public async Task<FanoutJoined> WhenJoinedAsync(CancellationToken cancellation)
    {
        var waiter = new TaskCompletionSource<FanoutJoined>(TaskCreationOptions.RunContinuationsAsynchronously);
        using (_host.Turns.Take())
        {
            if (BeginToWait(waiter) is { } joined)
                return joined;
        }

        return await WaitAsync(waiter, cancellation);
    }

    /// <summary>Leaves, and forgets the position.</summary>
    public Task LeaveAsync(CancellationToken cancellation)
    {
        using var turn = _host.Turns.Take();
        return Leave(cancellation);
    }

    /// <summary>Gives messages to the sink, and wishes to be in the room until it is removed. It ends at once where no message will ever come.</summary>
    public void Add(IMessageSink sink)
    {
        if (_host.IsOver)
        {
            sink.End(null);
            return;
        }

        _sinks.Add(sink);
        _subscriptions++;
        Want();
    }

    /// <summary>The last to go leaves the room, unless somebody called <see cref="JoinAsync"/>.</summary>
    public void Remove(IMessageSink sink)
    {
        if (!_sinks.Remove(sink))
            return;
        if (--_subscriptions == 0 && !_kept && _wanted)
            LeaveInBackground();
    }

    /// <param name="joining">Whether the handshake has named the room.</param>
    public void Connected(bool joining)
    {
        if (!joining)
        {
            Enter();
            return;
        }

        _entering = true;
        _noticesAsked = false;
        _queried = ++_turn;
        // It was left while the handshake was under way.
        if (!_wanted)
            LeaveInBackground();
    }

    /// <summary>It was the own room of a user who is another one now: nothing comes of it any more.</summary>
    public void UserChanged()
    {
        if (_wanted)
            PutOut("the user has changed");
    }

    /// <summary>The node joins a user's own room by itself.</summary>
    public void Adopt()
    {
        _host.Keep(this);
        _wanted = _kept = true;
        SetState(FanoutRoomState.Joining);
    }

    public void Lost()
    {
        _member = _entering = false;
        _queried = 0;
        _turn++;
        _retry.Clear();
        _membersRetry.Clear();
        _members.Abandon();
        if (_wanted)
            SetState(FanoutRoomState.Joining);
    }

    public void Closed(FanoutException error, bool byUs)
    {
        Lost();
        SetState(FanoutRoomState.Left);
        Fail(error);
        EndSinks(byUs ? null : error, all: byUs);
        // Loops are over. What still listens is joined again by another ConnectAsync, and the position stays for those that come back.
        _wanted = _kept || _subscriptions > 0;
    }

    /// <summary>The client connects again after it was closed by the node.</summary>
    public void Reopened()
    {
        if (_wanted)
            SetState(FanoutRoomState.Joining);
    }

    private FanoutJoined? BeginToWait(TaskCompletionSource<FanoutJoined> waiter)
    {
        if (_member && _joined is not null)
            return _joined;
        if (_host.ClosedForGood is { } closed)
            throw closed;
        _waiters.Add(waiter);
        return null;
    }

    private async Task<FanoutJoined> WaitAsync(TaskCompletionSource<FanoutJoined> waiter, CancellationToken cancellation)
    {
        try
        {
            return await waiter.Task.WaitAsync(cancellation);
        }
        finally
        {
            using var turn = _host.Turns.Take();
            _waiters.Remove(waiter);
        }
    }

    private Task Leave(CancellationToken cancellation)
    {
        var tellsNode = _host.Line.IsReady && (_member || _entering);
        _kept = false;
        Forget();
        Fail(new FanoutException(FanoutErrorCodes.Removed, $"'{Name}' was left.") { Room = Name });
        EndSinks(null, all: false);
        if (!tellsNode)
            return Task.CompletedTask;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _host.Commands.Call(
            "leave", id => Frames.Leave(_host.Settings.Format, id, Name), Commands.Resend.Never, null,
            (_, error) =>
            {
                switch (error)
                {
                    // The end of a connection is a leave too, and a join that was refused needs none.
                    case null or FanoutException { Code: FanoutErrorCodes.ConnectionLost or FanoutErrorCodes.NotJoined or FanoutErrorCodes.Closed }:
                        done.TrySetResult();
                        break;
                    case OperationCanceledException:
                        done.TrySetCanceled(cancellation);
                        break;
                    default:
                        done.TrySetException(error);
                        break;
                }
            },
            cancellation);
        return done.Task;
    }

    private void LeaveInBackground() =>
        _ = Leave(CancellationToken.None).ContinueWith(
            left => _host.Fault(left.Exception!.InnerException as FanoutException ?? new FanoutException(FanoutErrorCodes.Internal, left.Exception.Message)),
            CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    private void Want()
    {
        if (!_wanted)
        {
            _host.Keep(this);
            _wanted = true;
            // Where the node has sent us away, it waits for another ConnectAsync.
            if (_host.ClosedForGood is null)
                SetState(FanoutRoomState.Joining);
        }

        Enter();
    }

    private void Enter()
    {
        if (_wanted && !_member && !_entering && _host.Line.IsReady && !IsAll)
            SendJoin();
    }

    private void Forget()
    {
        Position = null;
        _joined = null;
        Drop();
    }

    /// <summary>Not wanted any more, and not in it.</summary>
    private void Drop()
    {
        _wanted = _member = _entering = false;
        _turn++;
        _retry.Clear();
        _membersRetry.Clear();
        _members.Clear();
        SetState(FanoutRoomState.Left);
        // What waited for the join waits no longer.
        _host.Outbox.Opened(Name);
    }

    private void Fail(FanoutException error)
    {
        foreach (var waiter in _waiters)
            waiter.TrySetException(error);
        _waiters.Clear();
    }

    private void EndSinks(FanoutException? error, bool all)
    {
        foreach (var sink in _sinks.ToArray())
        {
            if (!all && !sink.EndsWithRoom)
                continue;
            _sinks.Remove(sink);
            _subscriptions--;
            sink.End(error);
        }
    }

    private void Report(FanoutException error)
    {
        _host.Raise(() => Failed, error);
        _host.Fault(error);
    }

    private void SetState(FanoutRoomState state)
    {
        if (State == state)
            return;
        State = state;
        _host.Raise(() => StateChanged, state);
    }
}
