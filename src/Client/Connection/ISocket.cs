namespace Fanout.Client.Connection;

/// <summary>Where a connection goes, and what it says there.</summary>
internal sealed record SocketTarget(Uri Address, string Protocol, string? Token);

/// <summary>One WebSocket, from the handshake to its end.</summary>
internal interface ISocket
{
    /// <summary>Whether the node's pings are told.</summary>
    bool ShowsPings { get; }

    /// <summary>Whether it stands still because handlers are behind, so that its silence says nothing about the node.</summary>
    bool IsPaused { get; }

    /// <summary>Queues a message; it is dropped where the connection is over, which is told anyway.</summary>
    void Send(ReadOnlyMemory<byte> frame);

    /// <summary>Begins a close; its end is told when the node has answered.</summary>
    void Close(int code);

    /// <summary>Ends at once, whatever the peer does.</summary>
    /// <param name="code">Why, for a socket that can still say it; one of the platform is torn down without a word.</param>
    void Abandon(int code);
}

/// <summary>What a socket tells; not in a turn.</summary>
internal interface ISocketHandler
{
    void Received(ISocket socket, ReadOnlyMemory<byte> message);

    void Pinged(ISocket socket);

    /// <summary>Exactly once, and nothing after it.</summary>
    void Ended(ISocket socket, Ending ending);
}

internal interface ISocketFactory
{
    /// <summary>Begins a handshake. Nothing is told before this has returned and the turn is over.</summary>
    ISocket Open(SocketTarget target, ISocketHandler handler);
}
