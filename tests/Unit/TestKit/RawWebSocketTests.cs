using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Sockets;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Fanout.Tests.Unit.TestKit;

public sealed class RawWebSocketTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    public async Task Frames_OfEveryLengthForm_ComeBackUnchanged(int length)
    {
        await using var server = await TinyServer.StartEchoAsync();
        await using var peer = (await RawWebSocket.ConnectAsync(server.BaseUri)).EnsureAccepted();
        var payload = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();

        await peer.SendBinaryAsync(payload);
        var frame = await peer.ReceiveFrameAsync();

        Assert.Equal((WebSocketOpcode.Binary, true, 0), (frame.Opcode, frame.Fin, frame.Rsv));
        Assert.Equal(payload, frame.Payload.ToArray());
    }

    [Fact]
    public async Task Frames_InFragmentsWithAPingBetween_AreAnsweredOneByOne()
    {
        await using var server = await TinyServer.StartEchoAsync();
        await using var peer = (await RawWebSocket.ConnectAsync(server.BaseUri)).EnsureAccepted();

        await peer.SendAsync(WebSocketFrames.Client(WebSocketOpcode.Text, "Hel"u8, fin: false));
        Assert.Equal(("Hel", false), await TextAndFin(peer));
        await peer.SendPingAsync("are you there"u8.ToArray());
        var pong = await peer.ReceiveFrameAsync();
        await peer.SendAsync(WebSocketFrames.Client(WebSocketOpcode.Continuation, "lo"u8));

        Assert.Equal((WebSocketOpcode.Pong, "are you there"), (pong.Opcode, pong.Text));
        Assert.Equal(("lo", true), await TextAndFin(peer));
    }

    [Fact]
    public async Task Connect_WithSubprotocolsAndHeaders_SendsThem()
    {
        await using var server = await TinyServer.StartAsync(
            (http, socket) => TinyServer.SendTextAsync(
                socket, $"{http.Request.Path}{http.Request.QueryString} {http.Request.Headers["X-Test"]}"));

        await using var peer = await RawWebSocket.ConnectAsync(
            server.BaseUri, "/ws?a=b", ["one", "two"], new Dictionary<string, string> { ["X-Test"] = "yes" });

        Assert.Equal("one", peer.EnsureAccepted().Handshake!.Subprotocol);
        Assert.Equal("/ws?a=b yes", (await peer.ReceiveFrameAsync()).Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connect_WhenRefused_KeepsStatusHeadersAndBody(bool chunked)
    {
        const string Body = """{"status":"busy"}""";
        await using var server = await TinyServer.StartAsync(async (HttpContext http) =>
        {
            http.Response.StatusCode = 503;
            http.Response.Headers.RetryAfter = "7";
            http.Response.ContentLength = chunked ? null : Body.Length;
            await http.Response.WriteAsync(Body[..5]);
            await http.Response.WriteAsync(Body[5..]);
        });

        await using var peer = await RawWebSocket.ConnectAsync(server.BaseUri);

        var error = Assert.Throws<HandshakeRefusedException>(() => peer.EnsureAccepted());
        Assert.Equal((503, "7", Body), (error.Response.Status, error.Response.Header("retry-after"), error.Response.Body));
    }

    [Fact]
    public async Task Close_ByTheServer_TellsCodeReasonAndFin()
    {
        await using var server = await TinyServer.StartAsync(async (http, socket) =>
        {
            await TinyServer.SendTextAsync(socket, "before");
            await socket.CloseAsync((WebSocketCloseStatus)4001, "too slow", http.RequestAborted);
        });
        await using var peer = (await RawWebSocket.ConnectAsync(server.BaseUri)).EnsureAccepted();

        var close = await peer.ReceiveUntilClosedAsync();

        Assert.Equal((4001, "too slow", TcpEnd.Fin), (close.Code, close.Reason, close.End));
        Assert.Equal("before", Assert.Single(close.Skipped).Text);
    }

    [Fact]
    public async Task Close_ByAbort_IsAResetWithoutACode()
    {
        await using var server = await TinyServer.StartAsync(async (http, socket) =>
        {
            await socket.ReceiveAsync(new byte[10], http.RequestAborted);
            http.Abort();
        });
        await using var peer = (await RawWebSocket.ConnectAsync(server.BaseUri)).EnsureAccepted();

        await peer.SendTextAsync("go");
        var close = await peer.ReceiveUntilClosedAsync();

        Assert.Null(close.Code);
        Assert.Equal(TcpEnd.Reset, close.End);
    }

    [Fact]
    public async Task Abort_MakesTheServerSeeAReset()
    {
        var seen = new TaskCompletionSource<Exception?>();
        await using var server = await TinyServer.StartAsync(async (_, socket) =>
            seen.SetResult(await Record.ExceptionAsync(() => socket.ReceiveAsync(new byte[10], CancellationToken.None))));
        await using var peer = (await RawWebSocket.ConnectAsync(server.BaseUri)).EnsureAccepted();

        peer.Abort();

        var error = await seen.Task.WithDeadline("the reset");
        Assert.Contains("reset", error?.GetBaseException().Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Close_WithAResetRightBehind_IsStillRead()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var peer = await RawWebSocket.OpenAsync(new Uri($"http://{listener.LocalEndpoint}"));
        using var server = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        var closed = peer.ReceiveUntilClosedAsync();

        server.LingerState = new LingerOption(enable: true, seconds: 0);
        server.Send([0x88, 2, 0x03, 0xea]);
        server.Dispose();

        Assert.Equal((1002, TcpEnd.Reset), ((await closed).Code, (await closed).End));
    }

    [Fact]
    public async Task Unmasked_IsSeenAsSuchByAConformingServer()
    {
        // Not by its close frame: ASP.NET may reset the connection before it has sent that.
        var seen = new TaskCompletionSource<Exception?>();
        await using var server = await TinyServer.StartAsync(async (http, socket) =>
            seen.SetResult(await Record.ExceptionAsync(() => socket.ReceiveAsync(new byte[10], http.RequestAborted))));
        await using var peer = (await RawWebSocket.ConnectAsync(server.BaseUri)).EnsureAccepted();

        await peer.SendAsync(WebSocketFrames.Client(WebSocketOpcode.Text, "longer than a mask"u8, mask: false));

        Assert.Contains("unmasked", (await seen.Task.WithDeadline("the server's refusal"))?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Receive_AfterAMissedDeadline_LosesNoByte()
    {
        await using var server = await TinyServer.StartEchoAsync();
        await using var peer = (await RawWebSocket.ConnectAsync(server.BaseUri)).EnsureAccepted();
        await Assert.ThrowsAsync<TimeoutException>(() => peer.ReceiveFrameAsync(TimeSpan.FromMilliseconds(20)));

        await peer.SendTextAsync("still here");

        Assert.Equal("still here", (await peer.ReceiveFrameAsync()).Text);
    }

    [Fact]
    public async Task Handshake_TogetherWithAFrame_IsAnsweredInOrder()
    {
        await using var server = await TinyServer.StartEchoAsync();
        await using var peer = await RawWebSocket.OpenAsync(server.BaseUri);
        var request = new HandshakeRequest(server.BaseUri, "/ws");

        await peer.SendAsync(request.ToBytes().Concat(WebSocketFrames.Text("early")).ToArray());

        Assert.True((await peer.ReadHandshakeAsync()).Accepted);
        Assert.Equal("early", (await peer.ReceiveFrameAsync()).Text);
    }

    [Theory]
    [InlineData(LengthEncoding.Bits16, "81 FE 0002 00000000 6869")]
    [InlineData(LengthEncoding.Bits64, "81 FF 0000000000000002 00000000 6869")]
    [InlineData(LengthEncoding.Minimal, "81 82 00000000 6869")]
    public void Frame_WithAForcedLengthForm_HasTheseBytes(LengthEncoding encoding, string expected)
    {
        var frame = WebSocketFrames.Client(WebSocketOpcode.Text, "hi"u8, key: new byte[4], lengthEncoding: encoding);

        Assert.Equal(expected.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString(frame));
    }

    private static async Task<(string Text, bool Fin)> TextAndFin(RawWebSocket peer) =>
        await peer.ReceiveFrameAsync() is var frame ? (frame.Text, frame.Fin) : default;
}
