using System.Net.Sockets;

namespace Fanout.Tests.TestKit.Faults;

/// <summary>A client's connection and the one to the target that belongs to it.</summary>
internal sealed class ProxiedConnection(Socket client)
{
    private readonly CancellationTokenSource _ended = new();
    private readonly Socket _target = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private ProxyPump[] _pumps = [];

    /// <summary>Returns when both directions have ended, by themselves or by a cut.</summary>
    public async Task RunAsync(string host, int port, Link toTarget, Link toClient)
    {
        try
        {
            await _target.ConnectAsync(host, port, _ended.Token);
            _pumps = [new(client, _target, toTarget, Abort), new(_target, client, toClient, Abort)];
            await Task.WhenAll(_pumps.Select(pump => pump.RunAsync(_ended.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Cut, or the target refuses: the client learns it by a reset.
            Abort();
        }

        client.Dispose();
        _target.Dispose();
    }

    /// <summary>RST to both sides.</summary>
    public void Abort()
    {
        foreach (var socket in new[] { client, _target })
        {
            try
            {
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // It is closed or was never connected, so there is nobody to tell.
            }

            socket.Dispose();
        }

        _ended.Cancel();
    }

    /// <summary>
    /// FIN to both sides. What they still send is read and dropped: closing with unread bytes would turn the FIN into a RST.
    /// </summary>
    public void Finish()
    {
        foreach (var pump in _pumps)
            pump.Discard = true;
        foreach (var socket in new[] { client, _target })
        {
            try
            {
                socket.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // It ended by itself in the meantime.
            }
        }
    }
}
