using System.Net;
using System.Net.Sockets;

namespace Fanout.Tests.TestKit.Faults;

/// <summary>
/// A listening port that can stop listening, so that connects are truly refused, and listen again without losing the port.
/// </summary>
internal sealed class ProxyListener : IDisposable
{
    // Bound and never listening: it keeps the port ours while the other one is closed.
    private readonly Socket _holder = NewSocket();
    private readonly Action<Socket> _accepted;
    private readonly Lock _lock = new();
    private Socket? _listening;

    public ProxyListener(Action<Socket> accepted)
    {
        _accepted = accepted;
        _holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Port = ((IPEndPoint)_holder.LocalEndPoint!).Port;
        Open();
    }

    public int Port { get; }

    public void Open()
    {
        lock (_lock)
        {
            if (_listening is not null)
                return;
            _listening = NewSocket();
            _listening.Bind(new IPEndPoint(IPAddress.Loopback, Port));
            _listening.Listen(512);
            _ = AcceptAsync(_listening);
        }
    }

    /// <summary>Whoever connects after the return is refused.</summary>
    public void Close()
    {
        lock (_lock)
        {
            // Linux stops listening at the shutdown. Dispose alone may leave that to the accept under way, a moment later.
            _listening?.Shutdown(SocketShutdown.Both);
            _listening?.Dispose();
            _listening = null;
        }
    }

    public void Dispose()
    {
        Close();
        _holder.Dispose();
    }

    private async Task AcceptAsync(Socket listening)
    {
        try
        {
            while (true)
                _accepted(await listening.AcceptAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    // On Linux .NET sets SO_REUSEPORT with it, which lets holder and listener share the port.
    private static Socket NewSocket()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        return socket;
    }
}
