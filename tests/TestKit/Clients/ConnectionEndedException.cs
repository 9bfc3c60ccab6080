using Fanout.Tests.TestKit.Sockets;

namespace Fanout.Tests.TestKit.Clients;

/// <summary>The connection ended while something was still expected of it.</summary>
public sealed class ConnectionEndedException(WebSocketClose close, string message, Exception? inner = null) : Exception(message, inner)
{
    public ConnectionEndedException(WebSocketClose close)
        : this(close, $"The connection ended: {close}")
    {
    }

    public WebSocketClose Close { get; } = close;
}
