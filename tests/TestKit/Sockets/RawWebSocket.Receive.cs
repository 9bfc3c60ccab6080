using System.Buffers.Binary;
using System.Text;

namespace Fanout.Tests.TestKit.Sockets;

public sealed partial class RawWebSocket
{
    // A server that claims more is broken; without this the claim alone would allocate.
    private const int LargestPayload = 64 * 1024 * 1024;

    /// <summary>The next frame, whatever it is.</summary>
    /// <exception cref="PeerClosedException">TCP ended.</exception>
    /// <exception cref="ProtocolViolationException">The frame is masked, or its length is not in the shortest form.</exception>
    public Task<WebSocketFrame> ReceiveFrameAsync(TimeSpan? deadline = null) =>
        Deadlines.RunAsync(ReadFrameAsync, "a frame from the server", deadline ?? _deadline);

    /// <summary>
    /// Reads until TCP ends, and says how. A deadline that passes after a close frame is not an error, but <see
    /// cref="TcpEnd.StillOpen"/>.
    /// </summary>
    /// <param name="echo">Answers a close frame with the same, as the RFC asks; a test that closed first, or that stays silent,
    /// says false.</param>
    public async Task<WebSocketClose> ReceiveUntilClosedAsync(bool echo = true, TimeSpan? deadline = null)
    {
        var skipped = new List<WebSocketFrame>();
        WebSocketFrame? close = null;
        using var timer = new CancellationTokenSource(deadline ?? _deadline ?? Deadlines.Default);
        while (true)
        {
            try
            {
                var frame = await ReadFrameAsync(timer.Token);
                if (frame.Opcode != WebSocketOpcode.Close || close is not null)
                {
                    skipped.Add(frame);
                    continue;
                }

                close = frame;
                if (echo)
                    await TryEchoCloseAsync(frame);
            }
            catch (PeerClosedException e)
            {
                return Closed(close, e.End, skipped);
            }
            catch (OperationCanceledException)
            {
                if (close is null)
                    throw Deadlines.Missed("the server's close", deadline ?? _deadline, context: null);
                return Closed(close, TcpEnd.StillOpen, skipped);
            }
        }
    }

    internal static WebSocketClose Closed(WebSocketFrame? frame, TcpEnd end, IReadOnlyList<WebSocketFrame> skipped)
    {
        if (frame is null)
            return new WebSocketClose(null, "", end, skipped);
        if (frame.Payload.Length == 0)
            return new WebSocketClose(1005, "", end, skipped);
        if (frame.Payload.Length == 1)
            throw new ProtocolViolationException("A close frame has a body of one byte");
        var code = BinaryPrimitives.ReadUInt16BigEndian(frame.Payload.Span);
        return new WebSocketClose(code, Encoding.UTF8.GetString(frame.Payload.Span[2..]), end, skipped);
    }

    internal async Task<WebSocketFrame> ReadFrameAsync(CancellationToken cancelled)
    {
        var start = (await _reader.PeekAsync(2, cancelled)).ToArray();
        if ((start[1] & 0x80) != 0)
            throw new ProtocolViolationException("The server sent a masked frame");

        var (headerLength, payloadLength) = await ReadLengthAsync(start[1] & 0x7f, cancelled);
        var frame = await _reader.TakeAsync(headerLength + payloadLength, cancelled);
        return new WebSocketFrame(
            (WebSocketOpcode)(start[0] & 0x0f), Fin: (start[0] & 0x80) != 0, Rsv: (start[0] >> 4) & 7, frame.AsMemory(headerLength));
    }

    private async Task<(int Header, int Payload)> ReadLengthAsync(int first, CancellationToken cancelled)
    {
        if (first < 126)
            return (2, first);
        var header = first == 126 ? 4 : 10;
        var bytes = (await _reader.PeekAsync(header, cancelled))[2..];
        var length = first == 126 ? BinaryPrimitives.ReadUInt16BigEndian(bytes.Span) : BinaryPrimitives.ReadUInt64BigEndian(bytes.Span);
        if (length <= (first == 126 ? 125u : ushort.MaxValue))
            throw new ProtocolViolationException($"The server wrote the length {length} in {header - 2} bytes");
        if (length > LargestPayload)
            throw new ProtocolViolationException($"The server claims a frame of {length} bytes");
        return (header, (int)length);
    }
}
