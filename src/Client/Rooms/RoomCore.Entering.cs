using Fanout.Client.Commands;
using Fanout.Client.Wire;

namespace Fanout.Client.Rooms;

/// <content>The way in: the join, its answer, and what is asked for then.</content>
internal sealed partial class RoomCore
{
    private void SendJoin()
    {
        var since = _member ? null : Position;
        var last = _member || since is not null || _joined is not null ? null : _last;
        var turn = ++_turn;
        if (!_member)
            _entering = true;
        _noticesAsked = _presence;
        var presence = _presence;
        _host.Commands.Call(
            "join", id => Frames.Join(_host.Settings.Format, id, Name, since, last, presence), Resend.Never, Timeout.InfiniteTimeSpan,
            (answer, error) =>
            {
                if (turn != _turn)
                    return;
                if (answer is not null)
                    EnteredWith(answer);
                else if (!_member)
                    Refused((FanoutException)error!);
                else
                    Report((FanoutException)error!);
            });
    }

    private void EnteredWith(Inbound message)
    {
        // The answer to a join in a room that we were in already tells where the room is, not where we are (docs/protocol.md, 9.1).
        if (_member)
        {
            ReadMembers();
            return;
        }

        JoinedPayload answer;
        try
        {
            answer = NodeMessages.ReadJoined(message.Payload);
        }
        catch (Exception e)
        {
            // We are in, but where it began is not known: it begins again.
            var error = new FanoutException(FanoutErrorCodes.BadMessage, $"The answer to the join of '{Name}' could not be read.", e) { IsRetryable = true, Room = Name };
            _host.Fault(error);
            Refused(error);
            return;
        }

        var (position, recovered, count) = answer;
        _member = true;
        _entering = false;
        _backoff.Reset();
        var resumed = Position is not null || _joined is not null;
        Position = position;
        var joined = _joined = new FanoutJoined(Name, position, recovered, _joined is null, count);
        SetState(FanoutRoomState.Joined);
        _host.Raise(() => Joined, joined);
        if (resumed && recovered)
            _host.Raise(() => Recovered, joined);
        if (resumed && !recovered)
            RaiseReset(FanoutResetReason.NotRecovered);
        foreach (var waiter in _waiters)
            waiter.TrySetResult(joined);
        _waiters.Clear();
        if (_presence && !_noticesAsked)
            SendJoin();
        else
            ReadMembers();
        _host.Outbox.Opened(Name);
    }

    private void Refused(FanoutException error)
    {
        switch (error.Code)
        {
            case FanoutErrorCodes.ConnectionLost or FanoutErrorCodes.Closed:
                return;

            case FanoutErrorCodes.AlreadyJoined:
                // A join of ours came through although its answer said otherwise. Where it began is not known, so it begins again.
                _host.Commands.Call("leave", id => Frames.Leave(_host.Settings.Format, id, Name), Resend.Never, null, static (_, _) => { });
                SendJoin();
                return;
        }

        if (error.IsRetryable)
        {
            _retry.Set(Longer(error.RetryAfter, _backoff.Next()), () =>
            {
                _entering = false;
                Enter();
            });
            return;
        }

        Drop();
        EndSinks(error, all: false);
        // Who waits for the join is told by it.
        if (_waiters.Count > 0)
            Fail(error);
        else
            Report(error);
    }

    private void ReadMembers()
    {
        if (!_presence)
            return;
        _members.Read(
            (after, told) => _host.Commands.Call(
                "presence", id => Frames.Presence(_host.Settings.Format, id, Name, countOnly: false, after, 1_000), Resend.Again, null,
                (answer, error) =>
                {
                    FanoutPresencePage? read = null;
                    try
                    {
                        read = answer is null ? null : NodeMessages.ReadAnswer(answer, NodeMessages.ReadPresence);
                    }
                    catch (FanoutException e)
                    {
                        error = e;
                    }

                    told(read, error);
                }),
            error =>
            {
                if (error is null)
                    _host.Raise(() => MembersChanged, MembersView);
                else if (!_member)
                    return;
                else if (error is FanoutException { IsRetryable: true } retryable)
                    _membersRetry.Set(Longer(retryable.RetryAfter, _host.Settings.Options.MinDelay), ReadMembers);
                else
                    Report((FanoutException)error);
            });
    }

    private static TimeSpan Longer(TimeSpan? one, TimeSpan other) => one > other ? one.Value : other;
}
