using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Fanout.Cli.Http;
using Fanout.Cli.Running;
using Fanout.Shared.Protocol;

namespace Fanout.Cli.Bench;

/// <summary>One connection of the load: opened, and ready when the node has answered for all of its rooms.</summary>
internal sealed class BenchSocket : IDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer;

    private BenchSocket(int bufferBytes) => _buffer = new byte[bufferBytes];

    /// <summary>What the node takes of one connection a second; 0: no limit.</summary>
    public int MessagesPerSecond { get; private set; }

    public bool IsOpen => _socket.State == WebSocketState.Open;

    public static async Task<BenchSocket> OpenAsync(Settings settings, HttpMessageInvoker invoker, string? room, int bufferBytes, CancellationToken cancellation)
    {
        var opened = new BenchSocket(bufferBytes);
        try
        {
            await opened.ConnectAsync(settings, invoker, room, cancellation);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation) =>
        _socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, cancellation);

    /// <summary>The beginning of the next message, as much as the buffer holds; empty when the connection has ended.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync(CancellationToken cancellation)
    {
        var kept = 0;
        while (true)
        {
            // What is longer than the buffer is read over: a stamp stands at its beginning.
            var result = await _socket.ReceiveAsync(kept < _buffer.Length ? _buffer.AsMemory(kept) : _buffer.AsMemory(_buffer.Length / 2), cancellation);
            if (result.MessageType == WebSocketMessageType.Close)
                return default;
            kept = Math.Min(kept + result.Count, _buffer.Length);
            if (result.EndOfMessage)
                return _buffer.AsMemory(0, kept);
        }
    }

    /// <summary>Why it ended, for the report: the close code, or what broke.</summary>
    public string EndReason => _socket.CloseStatus is { } status ? ((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture) : "cut";

    public async Task CloseAsync(CancellationToken cancellation)
    {
        try
        {
            if (IsOpen)
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellation);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or InvalidOperationException)
        {
            // It is closed now, one way or the other.
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task ConnectAsync(Settings settings, HttpMessageInvoker invoker, string? room, CancellationToken cancellation)
    {
        _socket.Options.AddSubProtocol(Subprotocols.Json);
        _socket.Options.CollectHttpResponseDetails = true;
        // The node pings; pings of ours would only be load.
        _socket.Options.KeepAliveInterval = TimeSpan.Zero;
        if (settings.Token is { } token)
            _socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        var url = SocketUrls.Of(settings);
        if (room is not null)
            url = new UriBuilder(url) { Query = "rooms=" + Uri.EscapeDataString(room) }.Uri;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(settings.AnswerTimeout);
        try
        {
            await _socket.ConnectAsync(url, invoker, deadline.Token);
            await WaitUntilReadyAsync(room, deadline.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw NetworkFaults.NoAnswer(settings);
        }
        catch (WebSocketException) when (_socket.HttpStatusCode is not 0 and not HttpStatusCode.SwitchingProtocols)
        {
            throw Refused((int)_socket.HttpStatusCode, settings);
        }
        catch (Exception e) when (e is WebSocketException or HttpRequestException)
        {
            throw NetworkFaults.Of(e, settings);
        }
    }

    private async Task WaitUntilReadyAsync(string? room, CancellationToken cancellation)
    {
        while (true)
        {
            var message = await ReceiveAsync(cancellation);
            if (message.IsEmpty)
                throw new CliException(ExitCode.Failed, $"The node closed a connection at once ({EndReason}).") { Code = "closed" };
            var json = JsonElement.Parse(message.Span);
            switch (json.Text("type"))
            {
                case MessageTypes.Connected:
                    MessagesPerSecond = (int)(json.Field("payload").Field("limits").Number("messagesPerSecond") ?? 0);
                    if (room is null)
                        return;
                    break;
                case MessageTypes.Joined when json.Text("room") == room:
                    return;
                case MessageTypes.Error:
                    var code = json.Field("payload").Text("code") ?? "failed";
                    throw new CliException(
                        code is "forbidden" ? ExitCode.Refused : ExitCode.Failed,
                        $"{json.Text("room")} cannot be joined: {json.Field("payload").Text("message")}",
                        code is "forbidden" ? "The token's claim 'fanout' must grant join and publish for that room; --room-prefix names another." : null)
                    { Code = code };
            }
        }
    }

    private static CliException Refused(int status, Settings settings) => status switch
    {
        401 => new CliException(ExitCode.Refused, settings.Token is null ? "A token is needed, and none was given." : "The token was refused.", "Set FANOUT_TOKEN; `fanout token` makes one for development.") { Status = status },
        403 => new CliException(ExitCode.Refused, "The node refuses this client (403).") { Status = status, Code = "forbidden" },
        429 => new CliException(ExitCode.TryLater, "The node takes no more connections from here (429).", "Fanout:Limits:MaxConnectionsPerIp or MaxConnectionsPerUser.") { Status = status },
        503 => new CliException(ExitCode.TryLater, "The node takes no more connections now (503).", "Fanout:Limits:MaxConnections or ConnectionsPerSecond, or it is draining.") { Status = status },
        _ => new CliException(ExitCode.Failed, $"An upgrade to /ws is answered with {status}.", "Is this a Fanout node, and does the proxy pass upgrades?") { Status = status },
    };
}
