using Fanout.Node.Connections.Framing;

namespace Fanout.Node.Connections;

/// <summary>Takes a connection's messages. Called by its reader, one at a time; the bytes are only valid during the call.</summary>
internal interface IMessageHandler
{
    void OnMessage(Session session, Opcode opcode, ReadOnlySpan<byte> message);

    /// <summary>
    /// A compressed message came: whether it is to be inflated. If so, <see cref="OnInflated"/> follows, unless it turns out to be no message;
    /// if not, the client has been told.
    /// </summary>
    /// <param name="wireBytes">Its length as it is now.</param>
    bool MayInflate(Session session, Opcode opcode, int wireBytes);

    /// <summary>What became of it.</summary>
    void OnInflated(Session session, Opcode opcode, ReadOnlySpan<byte> message, int wireBytes);
}
