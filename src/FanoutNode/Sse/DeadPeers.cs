using System.Buffers.Binary;
using System.Net.Sockets;
using Fanout.Node.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Fanout.Node.Sse;

/// <summary>
/// Lets the kernel find clients that have vanished. A stream's client never says anything, and the few bytes of a keep-alive fit into the
/// kernel's buffers for ever: without this a dead one would stay a member until TCP gives up, after a quarter of an hour.
/// </summary>
internal sealed class DeadPeers(HeartbeatOptions heartbeat)
{
    // TCP_USER_TIMEOUT (RFC 5482; Linux, tcp(7)): how long sent bytes may stay unacknowledged. Other systems do not have it.
    private const int Tcp = 6;
    private const int UserTimeout = 18;

    /// <summary>From now on what is sent must be acknowledged within the heartbeat's timeout; behind a proxy the proxy does that.</summary>
    public void Watch(HttpContext context)
    {
        if (!OperatingSystem.IsLinux() || heartbeat.Timeout <= TimeSpan.Zero || context.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
            return;
        Span<byte> milliseconds = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(milliseconds, (int)Math.Min(heartbeat.Timeout.TotalMilliseconds, int.MaxValue));
        try
        {
            socket.SetRawSocketOption(Tcp, UserTimeout, milliseconds);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Not a TCP socket, or gone already: the stream works all the same.
        }
    }
}
