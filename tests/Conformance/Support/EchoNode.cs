using System.Text;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Conformance.Support;

/// <summary>A node that serves <c>/echo</c>, for all tests.</summary>
public sealed class EchoNode : IAsyncLifetime
{
    public const int Limit = (16 * 1024 * 1024) + 1024;

    private NodeProcess _process = null!;

    public Uri BaseUri => _process.BaseUri;

    public async ValueTask InitializeAsync() =>
        _process = await NodeProcess.StartAsync(new NodeOptions().With(("Fanout:Testing:Echo", "true")));

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    /// <param name="extensions">What is offered in Sec-WebSocket-Extensions; null for nothing.</param>
    public async Task<RawWebSocket> ConnectAsync(Way way, string? extensions = null)
    {
        var peer = await RawWebSocket.OpenAsync(BaseUri);
        if (way == Way.Ordinary)
        {
            await peer.SendAsync(Encoding.ASCII.GetBytes("GET /healthz/live HTTP/1.1\r\nHost: here\r\n\r\n"));
            Assert.Equal(200, (await peer.ReadHandshakeAsync()).Status);
        }

        await peer.UpgradeAsync(new HandshakeRequest(BaseUri, "/echo").Set("Sec-WebSocket-Extensions", extensions));
        // ASP.NET dates its answers, the fast lane does not: whether the wanted way was taken.
        Assert.Equal(way == Way.Ordinary, peer.EnsureAccepted().Handshake!.Header("Date") is not null);
        return peer;
    }

    /// <summary>Plays a case to its end and checks all that came back.</summary>
    public async Task PlayAsync(Way way, Case test)
    {
        await using var peer = await ConnectAsync(way, test.Extensions);

        foreach (var bytes in test.Sends)
            await peer.SendAsync(bytes);
        if (test.Close is null)
            await peer.SendCloseAsync();
        var (frames, code) = await ReadAsync(peer);
        // An upgraded request cannot be half closed by the node: after a violation there the peer's FIN ends it.
        if (way == Way.Ordinary && test.Close is not null)
            peer.ShutdownSend();
        var end = (await peer.ReceiveUntilClosedAsync(echo: false)).End;

        Assert.Equal(test.Answers.Select(answer => answer.ToString()), frames.Select(frame => (test.Extensions is null ? Answer.Of(frame) : Answer.OfDeflated(frame)).ToString()));
        Assert.Equal((test.Close ?? 1000, TcpEnd.Fin), (code, end));
    }

    // Up to the close frame.
    private static async Task<(List<WebSocketFrame> Frames, int Code)> ReadAsync(RawWebSocket peer)
    {
        var frames = new List<WebSocketFrame>();
        while (true)
        {
            var frame = await peer.ReceiveFrameAsync();
            if (frame.Opcode == WebSocketOpcode.Close)
                return (frames, frame.Payload.Length < 2 ? 1005 : (frame.Payload.Span[0] << 8) | frame.Payload.Span[1]);
            frames.Add(frame);
        }
    }
}
