using System.Runtime.InteropServices;
using Fanout.Bench.Load.Native;

namespace Fanout.Bench.Load.Sockets;

internal enum ClientPhase
{
    Connecting,
    Upgrading,
    Joining,
    Ready,
    Closed,
}

/// <summary>One connection of the generator. Owned by its loop.</summary>
internal sealed unsafe class Client(Loop loop, int number, ClientPlan plan)
{
    /// <summary>The end of what came before, for a protocol whose messages do not end with frames. A field, since it changes in place.</summary>
    public ClientTail Tail;

    private byte[]? _out;
    private int _outStart;
    private int _outEnd;
    private bool _waitsForRoom;

    public Loop Loop { get; } = loop;

    /// <summary>Place in the loop's list.</summary>
    public int Number { get; } = number;

    public ClientPlan Plan { get; } = plan;

    public int Fd { get; set; } = -1;

    public ClientPhase Phase { get; set; }

    /// <summary>How far the protocol's own handshake is.</summary>
    public int Step { get; set; }

    /// <summary>When the connect began.</summary>
    public long Started { get; set; }

    /// <summary>The begin of a frame whose rest has not come yet.</summary>
    public byte[]? Carry { get; set; }

    public int CarryLength { get; set; }

    /// <summary>Where the last stamp stood, counted from its frame's end: most likely the next one stands there too.</summary>
    public int StampFromEnd { get; set; }

    /// <summary>How the connection ended, where that was not our wish.</summary>
    public string? Ended { get; set; }

    /// <summary>An answer is awaited (HTTP publishers).</summary>
    public bool IsBusy { get; set; }

    /// <summary>Room in the queue of bytes to be sent; they leave at the next <see cref="Flush"/>.</summary>
    public Span<byte> Reserve(int length)
    {
        if (_outStart == _outEnd)
            _outStart = _outEnd = 0;
        _out ??= new byte[Math.Max(256, length)];
        if (_out.Length - _outEnd < length)
        {
            var larger = new byte[Math.Max(_out.Length * 2, _outEnd - _outStart + length)];
            _out.AsSpan(_outStart, _outEnd - _outStart).CopyTo(larger);
            (_out, _outEnd, _outStart) = (larger, _outEnd - _outStart, 0);
        }

        var span = _out.AsSpan(_outEnd, length);
        _outEnd += length;
        return span;
    }

    /// <summary>Hands queued bytes to the kernel; what it does not take leaves when the socket is writable.</summary>
    public void Flush()
    {
        if (Phase == ClientPhase.Closed || Fd < 0)
            return;
        while (_outStart < _outEnd)
        {
            nint sent;
            fixed (byte* start = &_out![_outStart])
                sent = Libc.Send(Fd, start, _outEnd - _outStart, Libc.NoSignal);
            if (sent < 0)
            {
                if (Marshal.GetLastPInvokeError() == Libc.Again)
                    break;
                Loop.Lose(this, "send failed");
                return;
            }

            _outStart += (int)sent;
        }

        var waits = _outStart < _outEnd;
        if (waits != _waitsForRoom)
        {
            _waitsForRoom = waits;
            Loop.Watch(this, waits ? Libc.PollIn | Libc.PollOut : Libc.PollIn);
        }
    }

    /// <summary>Queues one masked frame.</summary>
    public void SendFrame(byte opcode, ReadOnlySpan<byte> payload)
    {
        payload.CopyTo(ClientFrame.Reserve(this, opcode, payload.Length));
        Flush();
    }

    public void ForgetBuffers()
    {
        Carry = null;
        CarryLength = 0;
        _out = null;
        _outStart = _outEnd = 0;
        _waitsForRoom = false;
    }
}
