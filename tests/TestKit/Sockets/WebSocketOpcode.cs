namespace Fanout.Tests.TestKit.Sockets;

/// <summary>RFC 6455, 5.2. Any other value from 0 to 15 may be cast to it to play a broken peer.</summary>
public enum WebSocketOpcode
{
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}
