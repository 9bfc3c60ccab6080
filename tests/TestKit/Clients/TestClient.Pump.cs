using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Fanout.Tests.TestKit.Sockets;

namespace Fanout.Tests.TestKit.Clients;

public sealed partial class TestClient
{
    private readonly MessageLog _log = new();
    private volatile TaskCompletionSource? _paused;
    private volatile bool _closing;

    /// <summary>
    /// Stops taking from the socket: with a small receive buffer the node soon sees a slow consumer. One more frame may be read.
    /// </summary>
    public void PauseReading() => _paused ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void ResumeReading() => Interlocked.Exchange(ref _paused, null)?.TrySetResult();

    private async Task<WebSocketClose> PumpAsync()
    {
        // The constructor must have returned before a message is handled.
        await Task.Yield();
        try
        {
            var close = await ReadToEndAsync();
            _log.End(new ConnectionEndedException(close));
            return close;
        }
        catch (Exception e)
        {
            _log.End(e);
            throw;
        }
    }

    private async Task<WebSocketClose> ReadToEndAsync()
    {
        WebSocketFrame? close = null;
        using var afterClose = CancellationTokenSource.CreateLinkedTokenSource(_disposed.Token);
        var message = new List<WebSocketFrame>();
        while (true)
        {
            try
            {
                if (_paused is { } pause)
                    await pause.Task;
                var frame = await Socket.ReadFrameAsync(afterClose.Token);
                if (close is not null)
                    throw new ProtocolViolationException($"The node sent a frame after its close: {frame}");
                if (frame.Opcode == WebSocketOpcode.Close)
                {
                    close = frame;
                    afterClose.CancelAfter(_options.Deadline ?? Deadlines.Default);
                    if (!_closing)
                        await Socket.TryEchoCloseAsync(frame);
                }
                else
                {
                    await HandleAsync(frame, message);
                }
            }
            catch (PeerClosedException e)
            {
                return RawWebSocket.Closed(close, e.End, message);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException or IOException
                && (_disposed.IsCancellationRequested || close is not null))
            {
                return RawWebSocket.Closed(close, TcpEnd.StillOpen, message);
            }
        }
    }

    /// <summary>Answers pings, and puts the frames of a message together.</summary>
    private async Task HandleAsync(WebSocketFrame frame, List<WebSocketFrame> message)
    {
        if (frame.Rsv != 0)
            throw new ProtocolViolationException($"Reserved bits without an extension: {frame}");
        if (frame.Opcode == WebSocketOpcode.Ping)
        {
            Interlocked.Increment(ref _pings);
            if (_options.AutoPong)
                await Socket.SendPongAsync(frame.Payload);
            return;
        }

        if (frame.Opcode == WebSocketOpcode.Pong)
            return;

        if (frame.Opcode != (message.Count == 0 ? _wire.Opcode : WebSocketOpcode.Continuation))
            throw new ProtocolViolationException($"Unexpected in {_wire.Subprotocol}: {frame}");
        message.Add(frame);
        if (!frame.Fin)
            return;
        ReadOnlyMemory<byte> bytes = message.Count == 1 ? frame.Payload : message.SelectMany(part => part.Payload.ToArray()).ToArray();
        message.Clear();
        _log.Add(Decode(bytes));
    }

    private ReceivedMessage Decode(ReadOnlyMemory<byte> frame)
    {
        var at = Stopwatch.GetTimestamp();
        JsonObject json;
        try
        {
            json = _wire.Decode(frame);
        }
        catch (Exception e)
        {
            var start = Convert.ToHexString(frame.Span[..Math.Min(frame.Length, 200)]);
            throw new ProtocolViolationException($"The node sent what is no {_wire.Subprotocol}: {start}", e);
        }

        var type = json.Text("type") ?? throw new ProtocolViolationException($"A message without a type: {json.ToJsonString()}");
        ReadOnlyMemory<byte>? payload = _wire.PayloadRange(frame) is { } range ? frame[range] : null;
        return new ReceivedMessage(type, json.Text("room"), json, frame, payload, at);
    }
}
