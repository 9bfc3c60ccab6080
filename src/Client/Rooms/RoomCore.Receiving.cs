using Fanout.Client.Wire;
using Fanout.Shared.Protocol;

namespace Fanout.Client.Rooms;

/// <content>What the node says about this room without an id.</content>
internal sealed partial class RoomCore
{
    public void Received(Inbound message)
    {
        switch (message.Type)
        {
            case MessageTypes.Message:
                Message(message);
                break;

            case MessageTypes.Joined:
                if (IsForUs())
                    EnteredWith(message);
                break;

            case MessageTypes.Error when _queried != 0:
                if (IsForUs())
                    Refused(NodeMessages.ReadRefusal(message.Payload, Name));
                break;

            case MessageTypes.Error:
                Report(NodeMessages.ReadRefusal(message.Payload, Name));
                break;

            case MessageTypes.Left when _member:
                var reason = NodeMessages.Field(message.Payload, "reason"u8);
                PutOut(reason.IsAbsent ? "" : reason.AsString());
                break;

            case MessageTypes.Reset when _member:
                Position = NodeMessages.ReadPosition(message.Payload);
                RaiseReset(FanoutResetReason.Reset);
                ReadMembers();
                break;

            case MessageTypes.PresenceJoin or MessageTypes.PresenceLeave when _member:
                var change = new FanoutPresenceChange(message.Type == MessageTypes.PresenceJoin, NodeMessages.ReadMember(message.Payload));
                _members.Notice(change);
                _host.Raise(() => PresenceChanged, change);
                _host.Raise(() => MembersChanged, MembersView);
                break;
        }
    }

    /// <summary>
    /// The handshake's answer has come. It does not count where the room has been left since: a join of our own is on its way then, and begins
    /// elsewhere.
    /// </summary>
    private bool IsForUs()
    {
        var isForUs = _queried == _turn;
        _queried = 0;
        return isForUs;
    }

    private void Message(Inbound inbound)
    {
        FanoutPosition? position = null;
        if (!IsAll)
        {
            if (!_member)
                return;
            if (inbound.Offset is { } offset && Position is { } last)
            {
                if (offset <= last.Offset)
                    return;
                Position = position = last with { Offset = offset };
            }
        }

        var message = ToMessage(inbound, position);
        _host.Message(message);
        foreach (var sink in _sinks.ToArray())
            sink.Push(message);
    }

    private FanoutMessage<FanoutPayload> ToMessage(Inbound inbound, FanoutPosition? position) =>
        new(Name, inbound.Id ?? "", position, inbound.Offset, DateTimeOffset.FromUnixTimeMilliseconds(inbound.Timestamp), inbound.From,
            FanoutPayload.Of(inbound.Payload));

    private void PutOut(string reason)
    {
        var error = new FanoutException(FanoutErrorCodes.Removed, $"The node put this connection out of '{Name}': {reason}") { Room = Name };
        _kept = false;
        Drop();
        _host.Raise(() => Removed, new FanoutRemoved(Name, reason));
        EndSinks(error, all: false);
        Fail(error);
    }

    private void RaiseReset(FanoutResetReason reason)
    {
        var reset = new FanoutReset(Name, reason, Position);
        _host.RoomReset(reset);
        _host.Raise(() => Reset, reset);
    }
}
