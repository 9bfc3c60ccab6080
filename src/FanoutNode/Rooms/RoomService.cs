using Fanout.Node.Auth;
using Fanout.Node.Backplane;
using Fanout.Node.Connections;
using Fanout.Node.Connections.Framing;
using Fanout.Node.Diagnostics;
using Fanout.Node.History;
using Fanout.Node.Lanes;
using Fanout.Node.Limits;
using Fanout.Node.Presence;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Rooms;

/// <summary>Takes sessions into rooms and out of them: subscription, membership, and the lane's member list, in that order.</summary>
internal sealed partial class RoomService(RoomRegistry rooms, IBackplane backplane, LimitsOptions limits, LeaveDelay leaveDelay, FanoutMetrics metrics, ILogger<RoomService> logger)
{
    private int _leavesUnderWay;

    /// <summary>Joins the rooms named at the connect; each gets its own <c>joined</c> or <c>error</c>.</summary>
    public void JoinAll(Session session, IReadOnlyList<RequestedRoom> requested)
    {
        foreach (var room in requested)
        {
            var request = new JoinRequest(null, room.Name, room.Since, room.Last, room.WantsPresence, CountsAnswer: false);
            if (room.Problem is { } problem)
                Fail(session, request, ErrorCode.BadMessage, problem);
            else
                Join(session, request);
        }
    }

    /// <summary>Checks a join and starts it; the answer comes when it is done.</summary>
    public void Join(Session session, JoinRequest request)
    {
        var principal = session.Connection.Principal;
        if (!RoomName.IsValid(request.Room))
            Fail(session, request, ErrorCode.BadRoom, RoomProblem(request.Room));
        else if (request.Room == RoomName.All)
            Fail(session, request, ErrorCode.Forbidden, "$all reaches everybody without being joined");
        else if (Refusal(principal, request) is { } refusal)
            Fail(session, request, ErrorCode.Forbidden, refusal);
        else if (IsFull(session, request.Room))
            FailByLimit(session, request, "rooms_per_connection", $"a connection may be in {limits.MaxRoomsPerConnection} rooms");
        else if (limits.MaxRooms > 0 && !RoomName.IsOpsRoom(request.Room) && rooms.Count >= limits.MaxRooms && rooms.Find(request.Room) is null)
            FailByLimit(session, request, "rooms", "this node is in as many rooms as it takes; another node may have room");
        else
            session.Rooms.Enqueue(request.Room, room => JoinAsync(session, room, request));
    }

    /// <summary>Starts a leave; the answer comes when it is done.</summary>
    public void Leave(Session session, string? id, string name) =>
        session.Rooms.Enqueue(name, async room =>
        {
            if (!room.IsJoined)
            {
                session.Rooms.GiveBack(room);
                session.Connection.Answer(new ErrorMessage(id, name, ErrorCode.NotJoined, "the connection is not in this room"));
                return;
            }

            var left = await LeaveAsync(session, room);
            SendBehind(left, session.Connection, new LeftMessage(id, name), session.Connection.Gate);
        });

    /// <summary>Puts a session out of a room, with a notice that says why.</summary>
    public void Remove(Session session, string name, string reason) =>
        session.Rooms.Enqueue(name, async room =>
        {
            if (!room.IsJoined)
                return;
            var left = await LeaveAsync(session, room);
            SendBehind(left, session.Connection, new RemovedMessage(name, reason), null);
        });

    /// <summary>The session has new grants: it leaves the rooms that they do not allow, those that are still being joined too.</summary>
    public void Reevaluate(Session session)
    {
        var principal = session.Connection.Principal;
        foreach (var name in session.Rooms.Names)
        {
            if (!principal.MayJoin(name))
                Remove(session, name, "the token no longer grants this room");
            else if (!principal.MaySeePresence(name))
                session.Rooms.Enqueue(name, room => EndPresence(session, room));
        }
    }

    /// <summary>Leaves that have begun with the end of a connection and are not in the backplane yet.</summary>
    public int LeavesUnderWay => Volatile.Read(ref _leavesUnderWay);

    /// <summary>Leaves everything: the connection is over. The lane has let go of it already.</summary>
    public void LeaveAll(Session session)
    {
        // Whoever said good-bye is gone; whoever was cut, or reloads a page, may be back in a moment.
        var isLost = session.Connection.ClosedWith != CloseCode.Normal;
        session.Rooms.Close(
            () => Interlocked.Increment(ref _leavesUnderWay),
            async room =>
            {
                try
                {
                    if (room.IsJoined)
                        await LeaveAsync(session, room, isLost);
                }
                finally
                {
                    Interlocked.Decrement(ref _leavesUnderWay);
                }
            });
    }

    /// <summary>Says why a name is no room name.</summary>
    public static string RoomProblem(string? name) => string.IsNullOrEmpty(name)
        ? "'room' is missing"
        : $"a room name has 1 to {ProtocolLimits.MaxRoomNameBytes} characters of A-Z a-z 0-9 . _ : @ = -";

    // 1 subscribe -> 2 learn where the room is -> 3 become a member for all nodes -> 4 answer and enter the lane's list, in one step of the lane
    private async Task JoinAsync(Session session, SessionRoom state, JoinRequest request)
    {
        if (state.IsJoined)
        {
            await AnswerPresentStateAsync(session, state, request);
            return;
        }

        // Again, for the token may have been replaced since the join was asked for. From here on a refresh finds this room among the
        // session's and has it left behind the join.
        if (Refusal(session.Connection.Principal, request) is { } refusal)
        {
            session.Rooms.GiveBack(state);
            Fail(session, request, ErrorCode.Forbidden, refusal);
            return;
        }

        if (rooms.TryAcquire(request.Room) is not { } room)
        {
            session.Rooms.GiveBack(state);
            FailByLimit(session, request, "rooms", "this node is in as many rooms as it takes; another node may have room");
            return;
        }

        var isMember = false;
        try
        {
            // 1
            await rooms.EnsureSubscribedAsync(room);

            // 2
            var plan = default(Sequencer.Plan);
            if (room.Sequencer is { } sequencer)
            {
                await sequencer.EnsurePositionedAsync();
                plan = await sequencer.PlanAsync(request);
            }

            // 3
            var count = await backplane.Membership.AddAsync(room.Name, IdentityOf(session));
            isMember = true;

            // 4
            Enter(session, state, room, request, plan, count);
        }
        catch (Exception e)
        {
            if (isMember)
                await backplane.Membership.RemoveAsync(room.Name, IdentityOf(session));
            rooms.Release(room);
            session.Rooms.GiveBack(state);
            if (e is BackplaneUnavailableException)
            {
                Fail(session, request, ErrorCode.BackplaneUnavailable, "the backplane cannot be reached; join again later");
                return;
            }

            LogJoinFailed(logger, e, session.Connection.ClientId);
            Fail(session, request, ErrorCode.Internal, "the join failed; it has been logged");
        }
    }

    private void Enter(Session session, SessionRoom state, Room room, JoinRequest request, Sequencer.Plan plan, long count)
    {
        var connection = session.Connection;
        var gate = request.CountsAnswer ? connection.Gate : null;
        state.Room = room;
        var member = state.Member = new LaneMember(connection, room.OnLane(connection.Lane)) { WantsPresence = request.WantsPresence };
        if (room.Sequencer is null)
        {
            room.CountIn(connection.Lane.Index, connection);
            room.PostBehind(connection.Lane, new AddMemberWork(connection, member, Joined(null, null, recovered: false), null, null, gate));
            return;
        }

        room.Sequencer.Enter(connection.Lane, connection, at =>
        {
            // The room may have begun anew since the plan was made.
            var recovered = plan.Recovered && plan.From?.Epoch == at.Epoch;
            var from = plan.From?.Epoch == at.Epoch ? plan.From : null;
            if (request.Since is not null)
                metrics.Recovery(recovered ? RecoveryOutcome.Recovered : RecoveryOutcome.NotRecovered);
            // The position is the one behind which messages follow: what was missed first, then live ones.
            return new AddMemberWork(connection, member, Joined(at.Epoch, from?.Offset ?? at.Offset, recovered), at, from, gate);
        });

        byte[] Joined(string? epoch, long? offset, bool recovered) =>
            ServerFrames.Encode(connection.Format, new JoinedMessage(request.Id, room.Name, epoch, offset, recovered, count));
    }

    private async Task AnswerPresentStateAsync(Session session, SessionRoom state, JoinRequest request)
    {
        if (request.Since is not null || request.Last is not null)
        {
            Fail(session, request, ErrorCode.AlreadyJoined, "the connection is in this room; leave it before joining from a position");
            return;
        }

        try
        {
            var count = await backplane.Membership.CountAsync(state.Name);
            // The lane answers: only it knows up to where this connection has the room's messages.
            var connection = session.Connection;
            state.Room!.PostBehind(connection.Lane, new PresentStateWork(
                connection, state.Member!, request.Id, request.WantsPresence, count, request.CountsAnswer ? connection.Gate : null));
        }
        catch (BackplaneUnavailableException)
        {
            Fail(session, request, ErrorCode.BackplaneUnavailable, "the backplane cannot be reached; try again later");
        }
    }

    // No message of the room comes behind it.
    private static void SendBehind<T>(Room room, Connection connection, in T message, ReplyGate? gate)
        where T : struct, IServerMessage =>
        room.PostBehind(connection.Lane, new SendWork(connection, ServerFrames.Encode(connection.Format, message), gate));

    private async Task<Room> LeaveAsync(Session session, SessionRoom state, bool isLost = false)
    {
        var room = state.Room!;
        room.PostBehind(session.Connection.Lane, new RemoveMemberWork(session.Connection, state.Member!));
        state.Room = null;
        state.Member = null;
        if (isLost && room.Policy.Presence && leaveDelay.IsOn)
        {
            await backplane.Membership.BeginLeavingAsync(room.Name, IdentityOf(session));
            await leaveDelay.WaitAsync();
        }

        await backplane.Membership.RemoveAsync(room.Name, IdentityOf(session));
        rooms.Release(room);
        session.Rooms.GiveBack(state);
        return room;
    }

    private static Task EndPresence(Session session, SessionRoom state)
    {
        if (state.Member is { } member)
            state.Room!.PostBehind(session.Connection.Lane, new EndPresenceWork(member));
        return Task.CompletedTask;
    }

    // Why the grants do not allow it; null where they do.
    private static string? Refusal(Principal principal, JoinRequest request) =>
        !principal.MayJoin(request.Room) ? "the token does not grant joining this room"
        : request.WantsPresence && !principal.MaySeePresence(request.Room) ? "the token does not grant presence of this room"
        : null;

    private void FailByLimit(Session session, JoinRequest request, string limit, string text)
    {
        metrics.Limited(limit);
        Fail(session, request, ErrorCode.TooManyRooms, text);
    }

    private bool IsFull(Session session, string name)
    {
        var principal = session.Connection.Principal;
        if (limits.MaxRoomsPerConnection == 0 || session.Rooms.Contains(name) || IsGiven(principal, name))
            return false;
        // The names are looked at only where the number alone does not decide.
        return session.Rooms.Count >= limits.MaxRoomsPerConnection
            && session.Rooms.Names.Count(taken => !IsGiven(principal, taken)) >= limits.MaxRoomsPerConnection;
    }

    // Takes no place: a user's own room, which the client did not ask for, and what the console lives on.
    private static bool IsGiven(Principal principal, string name) => name == principal.OwnRoom || RoomName.IsOpsRoom(name);

    private static ClientIdentity IdentityOf(Session session) => new(
        session.Connection.ClientId, session.Connection.Principal.UserId, session.Connection.Principal.Info, session.Connection.ConnectedAt);

    private static void Fail(Session session, JoinRequest request, ErrorCode code, string message) =>
        Reply(session, request, new ErrorMessage(request.Id, request.Room, code, message));

    private static void Reply<T>(Session session, JoinRequest request, in T message)
        where T : struct, IServerMessage
    {
        if (request.CountsAnswer)
            session.Connection.Answer(message);
        else
            session.Connection.Send(message);
    }

    [LoggerMessage(1210, LogLevel.Error, "A join of {ClientId} failed", EventName = "JoinFailed")]
    private static partial void LogJoinFailed(ILogger logger, Exception exception, string clientId);
}
