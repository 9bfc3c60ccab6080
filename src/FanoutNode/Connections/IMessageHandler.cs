using Fanout.Node.Connections.Framing;

namespace Fanout.Node.Connections;

/// <summary>Takes a connection's messages. Called by its reader, one at a time; the bytes are only valid during the call.</summary>
internal interface IMessageHandler
{
    void OnMessage(Session session, Opcode opcode, ReadOnlySpan<byte> message);
}
