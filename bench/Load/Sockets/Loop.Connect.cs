using System.Runtime.InteropServices;
using System.Text;
using Fanout.Bench.Load.Native;

namespace Fanout.Bench.Load.Sockets;

/// <summary>The part of a loop that opens connections, a bounded number at a time.</summary>
internal sealed unsafe partial class Loop
{
    // A listener's queue holds 512 by default; a loop stays well below.
    private const int MaxPending = 100;

    private readonly Queue<Client> _connectQueue = new();
    private int _pending;

    /// <summary>From the connect call to the end of the join.</summary>
    public LatencyHistogram ConnectTimes { get; } = new();

    /// <summary>Called when a connection is ready, or has failed before it was.</summary>
    public Action<Client, bool>? Settled { get; set; }

    /// <summary>Opens a connection when its turn comes.</summary>
    public Client Open(ClientPlan plan)
    {
        var client = new Client(this, _clients.Count, plan);
        _clients.Add(client);
        _connectQueue.Enqueue(client);
        return client;
    }

    /// <summary>Begins as many connects as may be under way.</summary>
    public void ConnectQueued()
    {
        while (_pending < MaxPending && _connectQueue.TryDequeue(out var client))
        {
            _pending++;
            Connect(client);
        }
    }

    private void Connect(Client client)
    {
        client.Started = Clock.Now;
        client.Fd = Libc.Socket(Libc.AddressFamilyInet, Libc.StreamNonBlocking, 0);
        if (client.Fd < 0)
            throw new IOException($"socket failed: {Marshal.GetLastPInvokeError()}; too many open files?");
        var one = 1;
        _ = Libc.SetOption(client.Fd, Libc.TcpLevel, Libc.TcpNoDelay, &one, 4);
        if (client.Plan.Stalls)
        {
            var small = 4096;
            _ = Libc.SetOption(client.Fd, Libc.SocketLevel, Libc.ReceiveBuffer, &small, 4);
        }

        var address = stackalloc byte[16] { 2, 0, (byte)(client.Plan.Port >> 8), (byte)client.Plan.Port, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0 };
        var result = Libc.Connect(client.Fd, address, 16);
        if (result != 0 && Marshal.GetLastPInvokeError() != Libc.InProgress)
        {
            Lose(client, $"connect failed with {Marshal.GetLastPInvokeError()}");
            return;
        }

        _epoll.Add(client.Fd, Libc.PollIn | Libc.PollOut, client.Number);
    }

    private void OnConnected(Client client, uint events)
    {
        if ((events & (Libc.PollErr | Libc.PollHup)) != 0)
        {
            Lose(client, "connect refused");
            return;
        }

        Watch(client, Libc.PollIn);
        if (client.Plan.Protocol is not { } protocol)
        {
            client.Phase = ClientPhase.Ready;
            OnSettled(client, succeeded: true);
            return;
        }

        client.Phase = ClientPhase.Upgrading;
        var request =
            $"GET {protocol.Path(client.Plan)} HTTP/1.1\r\nHost: 127.0.0.1:{client.Plan.Port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + $"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{protocol.Headers}\r\n";
        var bytes = client.Reserve(request.Length);
        Encoding.ASCII.GetBytes(request, bytes);
        client.Flush();
    }

    private void OnUpgraded(Client client)
    {
        client.Phase = ClientPhase.Joining;
        if (client.Plan.Protocol!.OnOpen(client))
            OnReady(client);
    }

    private void OnReady(Client client)
    {
        client.Phase = ClientPhase.Ready;
        ConnectTimes.Record(Clock.Now - client.Started);
        if (client.Plan.Stalls)
            _epoll.Remove(client.Fd);
        OnSettled(client, succeeded: true);
    }

    private void OnSettled(Client client, bool succeeded)
    {
        _pending--;
        Settled?.Invoke(client, succeeded);
        ConnectQueued();
    }
}
