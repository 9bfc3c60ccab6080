using Fanout.Node.Compression;
using Fanout.Node.Connections;
using Fanout.Node.Connections.Framing;

namespace Fanout.Node.Testing;

/// <summary>Gives every message back as it came; compressed, where that was agreed on and makes it shorter.</summary>
internal sealed class EchoHandler(DeflateAgreement? agreement) : IMessageHandler
{
    public void OnMessage(Session session, Opcode opcode, ReadOnlySpan<byte> message)
    {
        session.Connection.Gate.Enter();
        session.Connection.AnswerFrame((agreement is null ? null : Compressed(agreement, opcode, message)) ?? ServerFrames.Message(opcode, message));
    }

    public bool MayInflate(Session session, Opcode opcode, int wireBytes) => true;

    public void OnInflated(Session session, Opcode opcode, ReadOnlySpan<byte> message, int wireBytes) => OnMessage(session, opcode, message);

    private static byte[]? Compressed(DeflateAgreement agreement, Opcode opcode, ReadOnlySpan<byte> message) => message.Length <= agreement.LargestShared
        ? ServerFrames.Compressed(opcode, message)
        : Deflater.DeflateFrame(message.ToArray(), opcode == Opcode.Text, agreement.ServerWindowBits);
}
