using System.Net.Sockets;
using System.Text;

namespace Fanout.Tests.TestKit.Sockets;

/// <summary>
/// Buffered reads from the peer. Bytes leave the buffer only when the whole of what was asked for is there, so a read that ran into
/// its deadline loses nothing. One reader at a time.
/// </summary>
/// <param name="readSize">How much is asked of the socket at once; small for a peer that plays a slow reader.</param>
internal sealed class PeerReader(Stream stream, int readSize)
{
    private byte[] _buffer = new byte[readSize];
    private int _count;

    /// <summary>Set when a send met the peer's RST. The kernel tells each error once, so a read would then see an ordinary end.</summary>
    public volatile bool ResetSeen;

    /// <summary>The first <paramref name="count"/> bytes, still in the buffer.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> PeekAsync(int count, CancellationToken cancelled)
    {
        while (_count < count)
        {
            if (await FillAsync(cancelled) is { } end)
                throw Ended(end, $"after {_count} of {count} expected bytes");
        }

        return _buffer.AsMemory(0, count);
    }

    public async ValueTask<byte[]> TakeAsync(int count, CancellationToken cancelled)
    {
        var taken = (await PeekAsync(count, cancelled)).ToArray();
        Drop(count);
        return taken;
    }

    public void Drop(int count)
    {
        _count -= count;
        _buffer.AsSpan(count, _count).CopyTo(_buffer);
    }

    public async ValueTask<string> LineAsync(CancellationToken cancelled)
    {
        int length;
        while ((length = _buffer.AsSpan(0, _count).IndexOf("\r\n"u8)) < 0)
        {
            if (await FillAsync(cancelled) is { } end)
                throw Ended(end, $"in a line: {Encoding.UTF8.GetString(_buffer, 0, _count)}");
        }

        var line = Encoding.UTF8.GetString(_buffer, 0, length);
        Drop(length + 2);
        return line;
    }

    public async ValueTask<byte[]> ToEndAsync(CancellationToken cancelled)
    {
        while (await FillAsync(cancelled) is null)
        {
        }

        return await TakeAsync(_count, cancelled);
    }

    /// <summary>Null when bytes came, else how TCP ended.</summary>
    private async ValueTask<TcpEnd?> FillAsync(CancellationToken cancelled)
    {
        if (_buffer.Length - _count < readSize)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _count + readSize));
        try
        {
            var read = await stream.ReadAsync(_buffer.AsMemory(_count, readSize), cancelled);
            _count += read;
            if (read > 0)
                return null;
            return ResetSeen ? TcpEnd.Reset : TcpEnd.Fin;
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            return TcpEnd.Reset;
        }
    }

    private static PeerClosedException Ended(TcpEnd end, string where) => new(end, $"The peer ended TCP ({end}) {where}");
}
