using System.Text.Json.Nodes;
using Fanout.Tests.TestKit.Clients.Wire;
using Fanout.Tests.TestKit.Sockets;

namespace Fanout.Tests.TestKit.Clients;

/// <summary>
/// A client of the contract (DESIGN.md 3). A pump reads in the background and keeps every message; expectations look at the messages
/// that none has consumed yet, in order. To assert that something does not come, make the node answer a later command (a ping, a
/// publish by the sender) and look at <see cref="Messages"/>; do not wait for nothing.
/// </summary>
/// <remarks>1 connect (here) -> 2 pump (.Pump) -> 3 expect (.Expect) and command (.Commands) -> 4 close (here). Thread-safe.</remarks>
public sealed partial class TestClient : IAsyncDisposable
{
    private readonly TestClientOptions _options;
    private readonly IWire _wire;
    private readonly Task<WebSocketClose> _pump;
    private readonly CancellationTokenSource _disposed = new();

    private TestClient(RawWebSocket socket, TestClientOptions options)
    {
        (Socket, _options) = (socket, options);
        _wire = options.Subprotocol == TestClientOptions.Msgpack ? new MsgpackWire() : new JsonWire();
        _pump = PumpAsync();
    }

    /// <summary>The socket below, to send whatever the client would not.</summary>
    public RawWebSocket Socket { get; }

    /// <summary>The first message of all.</summary>
    public JsonObject Connected { get; private set; } = null!;

    public string ClientId => Connected.Payload().Text("clientId") ?? throw new ProtocolViolationException($"No clientId in {Connected}");

    public string? UserId => Connected.Payload().Text("userId");

    public string? Node => Connected.Payload().Text("node");

    /// <summary>How the connection ended, from whichever side. Faults when the node broke the protocol.</summary>
    public Task<WebSocketClose> Closed => _pump;

    /// <exception cref="HandshakeRefusedException">The node refused the upgrade.</exception>
    /// <exception cref="ConnectionEndedException">The node closed before <c>connected</c>.</exception>
    public static async Task<TestClient> ConnectAsync(Uri baseUri, TestClientOptions? options = null)
    {
        options ??= new TestClientOptions();
        var socket = await RawWebSocket.ConnectAsync(baseUri, HandshakeTarget.For(options));
        try
        {
            var chosen = socket.EnsureAccepted().Handshake!.Subprotocol;
            if (chosen != options.Subprotocol)
                throw new ProtocolViolationException($"Offered {options.Subprotocol}, and the node chose {chosen ?? "none"}");
        }
        catch
        {
            await socket.DisposeAsync();
            throw;
        }

        var client = new TestClient(socket, options);
        try
        {
            var first = await client.ExpectAsync(_ => true, "the first message, connected");
            client.Connected = first.Text("type") == "connected"
                ? first
                : throw new ProtocolViolationException($"The first message is not connected, but {first.ToJsonString()}");
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>Says good-bye and waits until the node has ended TCP.</summary>
    public async Task<WebSocketClose> CloseAsync(int code = 1000, string reason = "")
    {
        _closing = true;
        await Socket.SendCloseAsync(code, reason);
        return await WaitForCloseAsync();
    }

    public Task<WebSocketClose> WaitForCloseAsync(TimeSpan? deadline = null) =>
        Closed.WithDeadline("the end of the connection", deadline ?? _options.Deadline, Describe);

    /// <summary>Resets TCP, as a crash or a lost network would look at best.</summary>
    public void Abort()
    {
        _disposed.Cancel();
        Socket.Abort();
    }

    /// <summary>Ends what is left, without waiting for the node: it may be stopped.</summary>
    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        ResumeReading();
        if (!_pump.IsCompleted && !_closing)
            await Socket.TrySendCloseAsync();
        await Socket.DisposeAsync();
        await ((Task)_pump).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
