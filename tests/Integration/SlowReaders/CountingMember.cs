using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Fanout.Tests.TestKit;

namespace Fanout.Tests.Integration.SlowReaders;

/// <summary>
/// A member that looks at as little as it can, so that a test can have a thousand: it counts its room's messages, whose payloads begin with
/// their number, and checks that none is missing, doubled or out of order.
/// </summary>
internal sealed class CountingMember : IAsyncDisposable
{
    // The envelope's fields before the payload take less.
    private const int HeadBytes = 400;

    private readonly Socket _socket;
    private readonly byte[] _head = new byte[HeadBytes];
    private Task _reader = Task.CompletedTask;
    private int _headLength;
    private long _left;
    private volatile int _count;

    private CountingMember(Socket socket) => _socket = socket;

    public int Count => _count;

    /// <summary>What was wrong with what came; null as long as nothing was.</summary>
    public string? Fault { get; private set; }

    public static async Task<CountingMember> JoinAsync(Uri node, string room)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, node.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"GET /ws?rooms={room} HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
        var member = new CountingMember(socket);
        await member.ReadUntilJoinedAsync().WithDeadline("a member to be in its room");
        member._reader = member.ReadAsync();
        return member;
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _reader;
    }

    private async Task ReadUntilJoinedAsync()
    {
        var text = "";
        var buffer = new byte[4096];
        while (!text.Contains("\"joined\"", StringComparison.Ordinal))
        {
            var length = await _socket.ReceiveAsync(buffer);
            if (length == 0)
                throw new IOException($"The node ended the connection after: {text}");
            text += Encoding.Latin1.GetString(buffer, 0, length);
        }
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[32 * 1024];
        try
        {
            while (await _socket.ReceiveAsync(buffer) is > 0 and var length)
                Take(buffer.AsSpan(0, length));
            Fault ??= "the node ended the connection";
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Fault ??= e.Message;
        }
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_left == 0)
            {
                _head[_headLength++] = bytes[0];
                bytes = bytes[1..];
                if (FrameLength() is { } length)
                {
                    _left = length;
                    // A ping without a payload is whole already.
                    if (length == 0)
                        _headLength = 0;
                }

                continue;
            }

            var take = (int)Math.Min(_left, bytes.Length);
            var keep = Math.Min(take, HeadBytes - _headLength);
            bytes[..keep].CopyTo(_head.AsSpan(_headLength));
            _headLength += keep;
            bytes = bytes[take..];
            _left -= take;
            if (_left == 0)
            {
                OnFrame(Encoding.Latin1.GetString(_head, 0, _headLength));
                _headLength = 0;
            }
        }
    }

    // Payload bytes of the frame whose header is complete (RFC 6455, section 5.2).
    private long? FrameLength()
    {
        if (_headLength < 2)
            return null;
        return _head[1] switch
        {
            126 => _headLength == 4 ? BinaryPrimitives.ReadUInt16BigEndian(_head.AsSpan(2)) : null,
            127 => _headLength == 10 ? BinaryPrimitives.ReadInt64BigEndian(_head.AsSpan(2)) : null,
            _ => _head[1],
        };
    }

    private void OnFrame(string head)
    {
        const string Mark = "\"payload\":\"";
        var at = head.IndexOf(Mark, StringComparison.Ordinal);
        if (!head.Contains("\"type\":\"message\"", StringComparison.Ordinal))
        {
            // A ping has no JSON in it; anything else that is no message does not belong here.
            if (head.Contains('{', StringComparison.Ordinal))
                Fault ??= $"not a message: {head}";
            return;
        }

        var number = int.Parse(head.AsSpan(at + Mark.Length, 6), CultureInfo.InvariantCulture);
        if (number != _count)
            Fault ??= $"message {number} came as number {_count}";
        _count++;
    }
}
