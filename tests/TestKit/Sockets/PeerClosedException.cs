namespace Fanout.Tests.TestKit.Sockets;

/// <summary>The other side ended TCP while something was still expected from it.</summary>
public sealed class PeerClosedException(TcpEnd end, string message) : IOException(message)
{
    public TcpEnd End { get; } = end;
}
