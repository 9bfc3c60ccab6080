namespace Fanout.Tests.TestKit.Sockets;

/// <summary>How the other side ended the TCP connection.</summary>
public enum TcpEnd
{
    /// <summary>It did not, within the deadline.</summary>
    StillOpen,
    Fin,
    Reset,
}
