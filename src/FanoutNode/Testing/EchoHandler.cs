using Fanout.Node.Connections;
using Fanout.Node.Connections.Framing;

namespace Fanout.Node.Testing;

/// <summary>Gives every message back as it came.</summary>
internal sealed class EchoHandler : IMessageHandler
{
    public void OnMessage(Session session, Opcode opcode, ReadOnlySpan<byte> message)
    {
        session.Connection.Gate.Enter();
        session.Connection.AnswerFrame(ServerFrames.Message(opcode, message));
    }
}
