namespace Fanout.Tests.TestKit.Sockets;

/// <summary>The server answered the upgrade with plain HTTP where a socket was wanted.</summary>
public sealed class HandshakeRefusedException(HandshakeResponse response) : Exception($"The upgrade was refused: {response}")
{
    public HandshakeResponse Response { get; } = response;
}
