using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Fanout.Tests.TestKit.Sockets;

/// <summary>
/// A WebSocket peer that hides nothing: it answers no ping, echoes no close and sends whatever bytes it is told to.
/// Sends may come from any thread and do not mix; there is one receiver at a time.
/// </summary>
public sealed partial class RawWebSocket : IAsyncDisposable
{
    private const int DefaultReadSize = 64 * 1024;

    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly PeerReader _reader;
    private readonly TimeSpan? _deadline;

    private RawWebSocket(Socket socket, Stream stream, RawWebSocketOptions options)
    {
        (_socket, _stream, _deadline) = (socket, stream, options.Deadline);
        _reader = new PeerReader(stream, Math.Min(options.ReceiveBufferBytes ?? DefaultReadSize, DefaultReadSize));
        LocalEndPoint = (IPEndPoint)socket.LocalEndPoint!;
    }

    public IPEndPoint LocalEndPoint { get; }

    /// <summary>The answer to the upgrade; null as long as none was read.</summary>
    public HandshakeResponse? Handshake { get; private set; }

    /// <summary>
    /// Connects and asks for the upgrade. A refusal throws nothing: look at <see cref="Handshake"/>, or call <see
    /// cref="EnsureAccepted"/>.
    /// </summary>
    public static Task<RawWebSocket> ConnectAsync(
        Uri baseUri,
        string pathAndQuery = "/ws",
        IEnumerable<string>? subprotocols = null,
        IDictionary<string, string>? headers = null,
        TimeSpan? deadline = null) =>
        ConnectAsync(baseUri, new RawWebSocketOptions
        {
            PathAndQuery = pathAndQuery,
            Subprotocols = [.. subprotocols ?? []],
            Headers = (headers ?? new Dictionary<string, string>()).ToDictionary(header => header.Key, header => (string?)header.Value),
            Deadline = deadline,
        });

    /// <inheritdoc cref="ConnectAsync(Uri, string, IEnumerable{string}?, IDictionary{string, string}?, TimeSpan?)"/>
    public static async Task<RawWebSocket> ConnectAsync(Uri baseUri, RawWebSocketOptions options)
    {
        var request = new HandshakeRequest(baseUri, options.PathAndQuery, options.Subprotocols);
        foreach (var (name, value) in options.Headers)
            request.Set(name, value);

        var peer = await OpenAsync(baseUri, options);
        try
        {
            await peer.UpgradeAsync(request);
            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Only the TCP (and TLS) connection: for handshakes that are slow, broken, or followed by frames in the same segment.
    /// </summary>
    public static async Task<RawWebSocket> OpenAsync(Uri baseUri, RawWebSocketOptions? options = null)
    {
        options ??= new RawWebSocketOptions();
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            // Before the connect, since the window is agreed on there.
            if (options.ReceiveBufferBytes is { } bytes)
                socket.ReceiveBufferSize = bytes;
            var stream = await Deadlines.RunAsync(
                cancelled => ConnectStreamAsync(socket, baseUri, options, cancelled), $"a connection to {baseUri}", options.Deadline);
            return new RawWebSocket(socket, stream, options);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends the request and reads the answer; on 101 also checks that it fits the request.</summary>
    public async Task<HandshakeResponse> UpgradeAsync(HandshakeRequest request)
    {
        await SendAsync(request.ToBytes());
        var response = await ReadHandshakeAsync();
        HandshakeReader.Verify(response, request.Key);
        return response;
    }

    public async Task<HandshakeResponse> ReadHandshakeAsync() =>
        Handshake = await Deadlines.RunAsync(
            cancelled => HandshakeReader.ReadAsync(_reader, cancelled), "the answer to the upgrade", _deadline);

    /// <exception cref="HandshakeRefusedException">The server did not answer with 101.</exception>
    public RawWebSocket EnsureAccepted() =>
        Handshake switch
        {
            { Accepted: true } => this,
            { } refused => throw new HandshakeRefusedException(refused),
            null => throw new InvalidOperationException("No answer to an upgrade was read"),
        };

    /// <summary>Ends TCP with a reset: the server sees a dead peer at once.</summary>
    public void Abort()
    {
        _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        _socket.Dispose();
    }

    /// <summary>Says FIN and goes on reading: a half-closed peer.</summary>
    public void ShutdownSend() => _socket.Shutdown(SocketShutdown.Send);

    public ValueTask DisposeAsync()
    {
        // The socket and not the stream: TLS would first want to say good-bye, to a server that may be stopped.
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task<Stream> ConnectStreamAsync(Socket socket, Uri uri, RawWebSocketOptions options, CancellationToken cancelled)
    {
        await socket.ConnectAsync(uri.Host, uri.Port, cancelled);
        var plain = new NetworkStream(socket, ownsSocket: false);
        if (uri.Scheme is not ("https" or "wss"))
            return plain;
        var tls = new SslStream(plain);
        await tls.AuthenticateAsClientAsync(options.Tls ?? throw new ArgumentException("https and wss need options.Tls"), cancelled);
        return tls;
    }
}
