using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Fanout.Tests.TestKit.Sockets;

namespace Fanout.Tests.Integration.Hostile;

/// <summary>
/// A peer with bad intentions and small needs: thousands of them fit into a test. It keeps nothing of what it reads, and says how its connection ended.
/// </summary>
internal sealed class HostileSocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[4096];
    private int _from;
    private int _to;
    private int _isDisposed;

    private HostileSocket()
    {
    }

    /// <summary>TCP only.</summary>
    public static async Task<HostileSocket> OpenAsync(Uri uri, CancellationToken stop, int? receiveBuffer = null)
    {
        var peer = new HostileSocket();
        try
        {
            if (receiveBuffer is { } bytes)
                peer._socket.ReceiveBufferSize = bytes;
            await peer._socket.ConnectAsync(uri.Host, uri.Port, stop);
            return peer;
        }
        catch
        {
            peer.Dispose();
            throw;
        }
    }

    /// <summary>An accepted socket; throws <see cref="RefusedException"/> with the status of any other answer.</summary>
    /// <param name="before">A path that is asked for first, so that the upgrade takes the ordinary way through HTTP.</param>
    public static async Task<HostileSocket> UpgradeAsync(
        Uri uri, string pathAndQuery, CancellationToken stop, string headers = "", int? receiveBuffer = null, string? before = null)
    {
        var peer = await OpenAsync(uri, stop, receiveBuffer);
        try
        {
            if (before is not null)
            {
                await peer.SendAsync(Encoding.ASCII.GetBytes($"HEAD {before} HTTP/1.1\r\nHost: {uri.Authority}\r\n\r\n"), stop);
                await peer.ReadHeadAsync(stop);
            }

            await peer.SendAsync(Request(uri, pathAndQuery, headers), stop);
            var answer = await peer.ReadHeadAsync(stop);
            return Status(answer) == 101 ? peer : throw new RefusedException(Status(answer), answer);
        }
        catch
        {
            peer.Dispose();
            throw;
        }
    }

    public static byte[] Request(Uri uri, string pathAndQuery, string headers = "") => Encoding.ASCII.GetBytes(
        $"GET {pathAndQuery} HTTP/1.1\r\nHost: {uri.Authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        + $"Sec-WebSocket-Key: {Convert.ToBase64String(RandomNumberGenerator.GetBytes(16))}\r\n{headers}\r\n");

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        while (bytes.Length > 0)
            bytes = bytes[await _socket.SendAsync(bytes, stop)..];
    }

    /// <summary>Reads and forgets until the other side ends it: "closed 4003", "answered 431", "ended", "reset".</summary>
    public async Task<string> ReadToEndAsync(CancellationToken stop)
    {
        var end = "ended";
        try
        {
            while (true)
            {
                await NeedAsync(2, stop);
                if (_buffer[_from] == (byte)'H')
                    return $"answered {Status(await ReadHeadAsync(stop))}";
                var isClose = (_buffer[_from] & 0x0f) == (int)WebSocketOpcode.Close;
                var length = await TakeLengthAsync(stop);
                if (isClose && length >= 2)
                {
                    await NeedAsync(2, stop);
                    end = $"closed {(_buffer[_from] << 8) | _buffer[_from + 1]}";
                }

                await SkipAsync(length, stop);
            }
        }
        catch (EndOfStreamException)
        {
            return end;
        }
        catch (SocketException)
        {
            return end == "ended" ? "reset" : end;
        }
    }

    /// <summary>The answer to a request, its body not.</summary>
    public async Task<string> ReadHeadAsync(CancellationToken stop)
    {
        var end = "\r\n\r\n"u8.ToArray();
        for (var wanted = 4; ; wanted = _to - _from + 1)
        {
            await NeedAsync(wanted, stop);
            var at = _buffer.AsSpan(_from, _to - _from).IndexOf(end);
            if (at < 0)
                continue;
            var head = Encoding.Latin1.GetString(_buffer, _from, at);
            _from += at + 4;
            return head;
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        _socket.Dispose();
    }

    private static int Status(string head) => head.Length > 12 && int.TryParse(head.AsSpan(9, 3), out var status) ? status : 0;

    private async Task<long> TakeLengthAsync(CancellationToken stop)
    {
        var length = (long)(_buffer[_from + 1] & 0x7f);
        var bytes = length switch { 126 => 2, 127 => 8, _ => 0 };
        await NeedAsync(2 + bytes, stop);
        if (bytes > 0)
        {
            length = 0;
            for (var i = 0; i < bytes; i++)
                length = (length << 8) | _buffer[_from + 2 + i];
        }

        _from += 2 + bytes;
        return length;
    }

    private async Task SkipAsync(long count, CancellationToken stop)
    {
        while (count > 0)
        {
            await NeedAsync(1, stop);
            var taken = (int)Math.Min(count, _to - _from);
            _from += taken;
            count -= taken;
        }
    }

    private async Task NeedAsync(int count, CancellationToken stop)
    {
        while (_to - _from < count)
        {
            if (_from > 0)
            {
                _buffer.AsSpan(_from, _to - _from).CopyTo(_buffer);
                (_from, _to) = (0, _to - _from);
            }

            var read = await _socket.ReceiveAsync(_buffer.AsMemory(_to), stop);
            if (read == 0)
                throw new EndOfStreamException();
            _to += read;
        }
    }
}

/// <summary>The node answered an upgrade with something else.</summary>
internal sealed class RefusedException(int status, string head) : Exception($"{status}")
{
    public int Status => status;

    /// <summary>Status line and headers.</summary>
    public string Head => head;
}
