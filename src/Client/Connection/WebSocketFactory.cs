using Fanout.Client.Threading;

namespace Fanout.Client.Connection;

/// <summary>Opens sockets of the platform.</summary>
internal sealed class WebSocketFactory(FanoutClientOptions options, Turns turns, TimeProvider time) : ISocketFactory
{
    public ISocket Open(SocketTarget target, ISocketHandler handler)
    {
        var socket = new PlatformSocket(target, handler, options, turns, time);
        turns.Outside(socket.Start);
        return socket;
    }
}
