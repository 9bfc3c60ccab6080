using System.Net.Sockets;
using System.Runtime.InteropServices;
using Fanout.Node.Lanes;

namespace Fanout.Node.Connections;

/// <summary>
/// Writes to a plain TCP socket itself, past Kestrel's output pipe: one system call a send, no copy, no other thread. What the socket does
/// not take at once is finished when it is writable again, in pieces, so that slow progress is seen as progress.
/// </summary>
/// <remarks>Nobody else may write to the socket: not the transport's pipe, and no WebSocket library.</remarks>
internal sealed class SocketOutbound : Outbound, ILaneWork, IDisposable
{
    // Small enough that a client on a slow phone finishes one within the stall timeout (1.6 KB/s), large enough that a fast one that was
    // blocked for a moment needs few of them.
    private const int PieceBytes = 16 * 1024;

    private readonly Socket _socket;
    private SocketAsyncEventArgs? _finishing;
    private ReadOnlyMemory<byte> _rest;
    private ulong _acknowledged;
    private bool _isDisposed;

    public SocketOutbound(Connection connection, Socket socket, OutboundLimits limits)
        : base(connection, limits)
    {
        _socket = socket;
        // Or a synchronous send would wait for a peer that does not read, and the lane with it.
        _socket.Blocking = false;
    }

    void ILaneWork.Run(Lane lane)
    {
        if (_isDisposed)
            return;
        if (TakeResult())
            SendPieces();
    }

    /// <summary>The connection is off its lane.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        if (!IsBlocked)
            _finishing?.Dispose();
    }

    public override void EndSending()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The peer ended it first.
        }
    }

    public override bool IsBeingTaken()
    {
        if (!OperatingSystem.IsLinux())
            return false;
        Span<byte> info = stackalloc byte[TcpInfo.Length];
        try
        {
            if (_socket.GetRawSocketOption(TcpInfo.Level, TcpInfo.Name, info) < TcpInfo.Length)
                return false;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }

        var acknowledged = MemoryMarshal.Read<ulong>(info[TcpInfo.BytesAcknowledged..]);
        var hasMoved = acknowledged != _acknowledged;
        _acknowledged = acknowledged;
        return hasMoved && (MemoryMarshal.Read<uint>(info[TcpInfo.Unacknowledged..]) > 0 || MemoryMarshal.Read<uint>(info[TcpInfo.BytesNotSent..]) > 0);
    }

    protected override void Write(ReadOnlyMemory<byte> frames)
    {
        int sent;
        SocketError error;
        try
        {
            sent = _socket.Send(frames.Span, SocketFlags.None, out error);
        }
        catch (ObjectDisposedException)
        {
            OnFailed();
            return;
        }

        if (error is not (SocketError.Success or SocketError.WouldBlock))
        {
            OnFailed();
            return;
        }

        if (error == SocketError.WouldBlock)
            sent = 0;
        if (sent == frames.Length)
            return;
        _rest = frames[sent..];
        IsBlocked = true;
        SendPieces();
    }

    // Until the rest is out, or the socket makes us wait.
    private void SendPieces()
    {
        while (!_rest.IsEmpty)
        {
            NoteProgress();
            var arguments = _finishing ??= NewArguments();
            arguments.SetBuffer(MemoryMarshal.AsMemory(_rest[..Math.Min(_rest.Length, PieceBytes)]));
            try
            {
                if (_socket.SendAsync(arguments))
                    return;
            }
            catch (ObjectDisposedException)
            {
                OnFailed();
                return;
            }

            if (!TakeResult())
                return;
        }

        OnWritable();
    }

    private bool TakeResult()
    {
        if (_finishing!.SocketError != SocketError.Success || _finishing.BytesTransferred == 0)
        {
            OnFailed();
            return false;
        }

        _rest = _rest[_finishing.BytesTransferred..];
        return true;
    }

    private SocketAsyncEventArgs NewArguments()
    {
        var arguments = new SocketAsyncEventArgs();
        // Runs wherever the socket completes; the lane picks up from there.
        arguments.Completed += (_, _) => Connection.Lane.Post(this);
        return arguments;
    }

    // struct tcp_info of linux/tcp.h, whose fields stay where they are: new ones come behind (these are there since Linux 4.6).
    private static class TcpInfo
    {
        public const int Level = 6; // IPPROTO_TCP
        public const int Name = 11; // TCP_INFO
        public const int Unacknowledged = 24;
        public const int BytesAcknowledged = 120;
        public const int BytesNotSent = 144;
        public const int Length = 148;
    }
}
