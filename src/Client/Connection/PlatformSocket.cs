using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Threading.Channels;
using Fanout.Client.Threading;
using Fanout.Shared.Protocol;

namespace Fanout.Client.Connection;

/// <summary>
/// <see cref="ClientWebSocket"/>, which answers the node's pings by itself and does not show them. One loop reads, one writes; whatever ends
/// either ends both.
/// </summary>
internal sealed class PlatformSocket : ISocket
{
    /// <summary>How long the answer to a close may take.</summary>
    private static readonly TimeSpan AnswerGrace = TimeSpan.FromSeconds(1);

    private readonly SocketTarget _target;
    private readonly ISocketHandler _handler;
    private readonly FanoutClientOptions _options;
    private readonly Turns _turns;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _over = new();

    // What waits here is bounded by those who send, each of whom waits for answers: the outbox (one publish a room, 100 in all), 256
    // commands, those that were given up included, and one ping.
    private readonly Channel<ReadOnlyMemory<byte>> _outgoing = Channel.CreateUnbounded<ReadOnlyMemory<byte>>(new() { SingleReader = true });
    private int _closeCode;
    private volatile bool _paused;

    public PlatformSocket(SocketTarget target, ISocketHandler handler, FanoutClientOptions options, Turns turns, TimeProvider time)
    {
        _target = target;
        _handler = handler;
        _options = options;
        _turns = turns;
        _time = time;
    }

    public bool ShowsPings => false;

    public bool IsPaused => _paused;

    public void Start() => _ = RunAsync();

    public void Send(ReadOnlyMemory<byte> frame) => _outgoing.Writer.TryWrite(frame);

    public void Close(int code)
    {
        _closeCode = code;
        _outgoing.Writer.TryComplete();
    }

    public void Abandon(int code)
    {
        _outgoing.Writer.TryComplete();
        _over.Cancel();
    }

    private async Task RunAsync()
    {
        Ending ending;
        using (var socket = new ClientWebSocket())
        {
            try
            {
                ending = await TalkAsync(socket);
            }
            catch (Exception e)
            {
                // Whatever it was, the connection is over and its end says so; nobody waits for this task.
                ending = Refusal(socket, e) ?? new Ending(Ending.Abnormal, Innermost(e), Cause: e);
            }
        }

        _outgoing.Writer.TryComplete();
        _handler.Ended(this, ending);
    }

    private async Task<Ending> TalkAsync(ClientWebSocket socket)
    {
        var options = socket.Options;
        options.AddSubProtocol(_target.Protocol);
        options.KeepAliveInterval = TimeSpan.Zero;
        if (OperatingSystem.IsBrowser())
        {
            if (_target.Token is { } token)
                options.AddSubProtocol(Subprotocols.BearerPrefix + token);
        }
        else
        {
            options.CollectHttpResponseDetails = true;
            if (_target.Token is { } token)
                options.SetRequestHeader("Authorization", "Bearer " + token);
        }

        _options.ConfigureWebSocket?.Invoke(options);
        await socket.ConnectAsync(_target.Address, _over.Token);

        var writing = WriteAsync(socket);
        try
        {
            return await ReadAsync(socket);
        }
        finally
        {
            // A writer that waits for the network must not outlive the socket: what it has not sent by now goes nowhere.
            _outgoing.Writer.TryComplete();
            _over.Cancel();
            await writing;
        }
    }

    private async Task<Ending> ReadAsync(ClientWebSocket socket)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            var length = 0;
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer.AsMemory(length), _over.Token);
                if (part.MessageType == WebSocketMessageType.Close)
                    return await AnswerCloseAsync(socket);
                length += part.Count;
                if (length > _options.MaxIncomingMessageBytes)
                    return new Ending(Ending.Abnormal, $"a message of the node has more than {_options.MaxIncomingMessageBytes} bytes");
                if (part.EndOfMessage)
                {
                    _handler.Received(this, buffer.AsSpan(0, length).ToArray());
                    length = 0;
                    await WaitForHandlersAsync();
                }
                else if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.CopyTo(larger, 0);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask WaitForHandlersAsync()
    {
        var room = _turns.WhenRoomAsync();
        if (room.IsCompletedSuccessfully)
            return;
        _paused = true;
        try
        {
            await room.AsTask().WaitAsync(_over.Token);
        }
        finally
        {
            _paused = false;
        }
    }

    private async Task<Ending> AnswerCloseAsync(ClientWebSocket socket)
    {
        var code = (int?)socket.CloseStatus ?? 1005;
        var reason = socket.CloseStatusDescription ?? "";
        try
        {
            // Behind what is being written; a peer that says good bye and does not read is not waited for.
            using var grace = new CancellationTokenSource(AnswerGrace, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(grace.Token, _over.Token);
            if (socket.State == WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, either.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or InvalidOperationException)
        {
            // The node has said why; that it does not hear our answer changes nothing.
        }

        return new Ending(code, reason);
    }

    private async Task WriteAsync(ClientWebSocket socket)
    {
        var kind = _target.Protocol == Subprotocols.Json ? WebSocketMessageType.Text : WebSocketMessageType.Binary;
        try
        {
            await foreach (var frame in _outgoing.Reader.ReadAllAsync(_over.Token))
                await socket.SendAsync(frame, kind, endOfMessage: true, _over.Token);
            if (_closeCode != 0)
                await socket.CloseOutputAsync((WebSocketCloseStatus)_closeCode, null, _over.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or InvalidOperationException)
        {
            // The reader sees the same end and tells it; where it would not, it is made to.
            socket.Abort();
        }
    }

    private Ending? Refusal(ClientWebSocket socket, Exception cause)
    {
        if (OperatingSystem.IsBrowser() || socket.HttpStatusCode is 0 or HttpStatusCode.SwitchingProtocols)
            return null;
        var status = socket.HttpStatusCode;
        TimeSpan? retryAfter = null;
        if (socket.HttpResponseHeaders?.FirstOrDefault(header => header.Key.Equals("Retry-After", StringComparison.OrdinalIgnoreCase)).Value?.FirstOrDefault() is { } text)
            retryAfter = RetryAfter.Parse(text, _time.GetUtcNow());
        return new Ending(Ending.Abnormal, string.Create(CultureInfo.InvariantCulture, $"HTTP {(int)status}"), status, retryAfter, cause);
    }

    private static string Innermost(Exception e) => e is OperationCanceledException ? "abandoned" : e.GetBaseException().Message;
}
