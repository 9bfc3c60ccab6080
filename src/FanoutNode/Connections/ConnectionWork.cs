using Fanout.Node.Connections.Framing;
using Fanout.Node.Lanes;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Connections;

/// <summary>Begins a connection's life on its lane.</summary>
internal sealed class AttachWork(Connection connection, ReadOnlyMemory<byte> firstBytes, ReadOnlyMemory<byte> connectedFrame) : ILaneWork
{
    public void Run(Lane lane) => connection.Attach(lane, firstBytes, connectedFrame);
}

/// <summary>Ends a connection's life on its lane.</summary>
internal sealed class DetachWork(Connection connection) : ILaneWork
{
    public void Run(Lane lane) => connection.Detach(lane);
}

/// <summary>A connection's token was replaced.</summary>
internal sealed class TokenRefreshedWork(Connection connection) : ILaneWork
{
    public void Run(Lane lane) => connection.OnTokenRefreshed(lane);
}

/// <summary>Sends one frame to one connection; counts it out of its gate where it answers a command.</summary>
internal sealed class SendWork(Connection connection, ReadOnlyMemory<byte> frame, ReplyGate? gate) : ILaneWork
{
    public void Run(Lane lane)
    {
        connection.Send(frame, null);
        gate?.Leave();
    }
}

/// <summary>A ping waits for its pong until then, on the lane's clock.</summary>
internal sealed class LatePongWork(Connection connection, long due) : ILaneWork
{
    public void Run(Lane lane) => connection.PongAt(due);
}

/// <summary>Sends an answer, or another where there is no room for it; counts it out of the gate.</summary>
internal sealed class AnswerWork(Connection connection, ReadOnlyMemory<byte> frame, ErrorMessage instead, ReplyGate gate) : ILaneWork
{
    public void Run(Lane lane)
    {
        connection.Send(frame, instead);
        gate.Leave();
    }
}

/// <summary>Sends a close frame. A null code answers a close frame that had none.</summary>
internal sealed class CloseWork(Connection connection, CloseCode? code, string reason, bool byPeer = false) : ILaneWork
{
    public void Run(Lane lane) => connection.CloseNow(code, reason, byPeer: byPeer);
}

/// <summary>Ends a connection without another word.</summary>
internal sealed class GiveUpWork(Connection connection) : ILaneWork
{
    public void Run(Lane lane) => connection.OnGivenUp();
}

/// <summary>Ends our side of TCP behind the close frame.</summary>
internal sealed class EndSendingWork(Connection connection) : ILaneWork
{
    public void Run(Lane lane) => connection.EndSending();
}

/// <summary>Takes a connection into a room on its lane.</summary>
/// <param name="at">Where the room was when the member was let in; null without history.</param>
/// <param name="since">What the member has already; null: it begins live.</param>
internal sealed class AddMemberWork(
    Connection connection, LaneMember member, ReadOnlyMemory<byte> joinedFrame, RoomPosition? at, RoomPosition? since, ReplyGate? gate) : ILaneWork
{
    public void Run(Lane lane)
    {
        connection.AddTo(lane, member, joinedFrame, at, since);
        gate?.Leave();
    }
}

/// <summary>Tells a member again where it is in its room.</summary>
internal sealed class PresentStateWork(Connection connection, LaneMember member, string? id, bool wantsPresence, long count, ReplyGate? gate) : ILaneWork
{
    public void Run(Lane lane)
    {
        member.WantsPresence |= wantsPresence;
        var position = member.Room.PositionOf(lane, member);
        connection.Send(
            ServerFrames.Encode(
                connection.Format, new JoinedMessage(id, member.Room.Room.Name, position?.Epoch, position?.Offset, Recovered: false, count)),
            null);
        gate?.Leave();
    }
}

/// <summary>A member gets no presence notices any more.</summary>
internal sealed class EndPresenceWork(LaneMember member) : ILaneWork
{
    public void Run(Lane lane) => member.WantsPresence = false;
}

/// <summary>Takes a connection out of a room on its lane: no further message of that room goes to it.</summary>
internal sealed class RemoveMemberWork(Connection connection, LaneMember member) : ILaneWork
{
    public void Run(Lane lane) => connection.RemoveFrom(lane, member);
}
