using System.Net;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.BadInput;

/// <summary>Requests to <c>/ws</c> that get plain HTTP instead of a socket.</summary>
public sealed class HandshakeTests(MemoryNode memory)
{
    [Fact]
    public async Task PlainGet_Is426_AndNamesTheUpgrade()
    {
        var answer = await memory.Node.Api.GetAsync("/ws");

        Assert.Equal(HttpStatusCode.UpgradeRequired, answer.Status);
        Assert.Contains("websocket", answer.Headers.Upgrade.Select(product => product.Name));
    }

    [Theory]
    [InlineData("chat", 400)]
    [InlineData("fanout.v2.json", 400)]
    [InlineData("fanout.bearer.abc", 400)]
    [InlineData("FANOUT.V1.JSON", 400)]
    public async Task Handshake_WithUnknownSubprotocolsOnly_Is400(string offered, int status)
    {
        await using var peer = await RawWebSocket.ConnectAsync(memory.Node.BaseUri, subprotocols: [offered]);

        Assert.Equal(status, peer.Handshake!.Status);
        Assert.Contains("fanout.v1.json", peer.Handshake.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fanout.v1.json", "fanout.v1.json")]
    [InlineData("chat, fanout.v1.msgpack", "fanout.v1.msgpack")]
    [InlineData("fanout.v1.msgpack, fanout.v1.json", "fanout.v1.msgpack")]
    [InlineData(null, null)]
    public async Task Handshake_WithAKnownSubprotocol_TakesTheFirst(string? offered, string? chosen)
    {
        await using var peer = await RawWebSocket.ConnectAsync(memory.Node.BaseUri, subprotocols: offered?.Split(", "));

        Assert.Equal(chosen, peer.EnsureAccepted().Handshake!.Subprotocol);
        var first = await peer.ReceiveFrameAsync();
        Assert.Equal(chosen == TestClientOptions.Msgpack ? WebSocketOpcode.Binary : WebSocketOpcode.Text, first.Opcode);
    }

    [Theory]
    [InlineData("last=0")]
    [InlineData("last=-1")]
    [InlineData("rooms=a&last=many")]
    public async Task Handshake_WithALastThatIsNoNumber_Is400(string query)
    {
        await using var peer = await RawWebSocket.ConnectAsync(memory.Node.BaseUri, "/ws?" + query);

        Assert.Equal(400, peer.Handshake!.Status);
        Assert.Contains("is a number of messages", peer.Handshake.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("8")]
    [InlineData("14")]
    [InlineData(null)]
    public async Task Handshake_OfAnotherVersion_Is426_AndNamesOurs(string? version)
    {
        await using var peer = await RequestAsync("Sec-WebSocket-Version", version);

        Assert.Equal((426, "13"), (peer.Handshake!.Status, peer.Handshake.Header("Sec-WebSocket-Version")));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("no base64!")]
    [InlineData("c2hvcnQ=")]
    [InlineData("dGhpcyBrZXkgaGFzIG1vcmUgdGhhbiBzaXh0ZWVuIGJ5dGVz")]
    public async Task Handshake_WithABadKey_Is400(string? key)
    {
        await using var peer = await RequestAsync("Sec-WebSocket-Key", key);

        Assert.Equal(400, peer.Handshake!.Status);
    }

    [Theory]
    [InlineData("Upgrade", null)]
    [InlineData("Upgrade", "h2c")]
    [InlineData("Connection", "keep-alive")]
    public async Task Handshake_WithoutAnUpgrade_Is426(string header, string? value)
    {
        await using var peer = await RequestAsync(header, value);

        Assert.Equal(426, peer.Handshake!.Status);
    }

    [Theory]
    [InlineData("https://evil.example", 403)]
    [InlineData("null", 403)]
    [InlineData(null, 101)]
    public async Task Handshake_FromAnOrigin_IsForTheSameHostAlone(string? origin, int status)
    {
        await using var peer = await RequestAsync("Origin", origin);
        Assert.Equal(status, peer.Handshake!.Status);

        await using var own = await RequestAsync("Origin", memory.Node.BaseUri.GetLeftPart(UriPartial.Authority));
        Assert.Equal(101, own.Handshake!.Status);
    }

    // Refusals are for developers to read.
    [Fact]
    public async Task Refusal_IsAProblemWithADetail()
    {
        await using var peer = await RequestAsync("Sec-WebSocket-Version", "8");

        Assert.Equal("application/problem+json", peer.Handshake!.Header("Content-Type"));
        Assert.NotEmpty((string)peer.Handshake.Json!["detail"]!);
        Assert.Equal(426, (int)peer.Handshake.Json["status"]!);
    }

    [Fact]
    public async Task Handshake_TogetherWithTheFirstMessage_LosesNeither()
    {
        await using var peer = await RawWebSocket.OpenAsync(memory.Node.BaseUri);

        await peer.SendAsync(new HandshakeRequest(memory.Node.BaseUri, "/ws").ToBytes().Concat(WebSocketFrames.Text("""{"type":"ping"}""")).ToArray());

        Assert.True((await peer.ReadHandshakeAsync()).Accepted);
        await peer.ReceiveFrameAsync();
        Assert.Equal("""{"type":"pong"}""", (await peer.ReceiveFrameAsync()).Text);
    }

    [Fact]
    public async Task Handshake_ThatNeverEnds_IsCut()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Limits:HandshakeTimeout", "00:00:01")));
        await using var peer = await RawWebSocket.OpenAsync(node.BaseUri);

        await peer.SendAsync("GET /ws HTTP/1.1\r\nHost: here\r\n"u8.ToArray());

        // 408, or nothing but the end.
        var ended = await Record.ExceptionAsync(peer.ReadHandshakeAsync);
        Assert.True(ended is PeerClosedException || peer.Handshake?.Status == 408, $"{ended?.Message ?? peer.Handshake?.StatusLine}");
    }

    [Fact]
    public async Task Handshake_OverTheConnectionLimit_Is503WithARetryAfter()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Limits:MaxConnections", "1")));
        await using var first = await node.ConnectAsync();

        await using var second = await RawWebSocket.ConnectAsync(node.BaseUri);

        Assert.Equal(503, second.Handshake!.Status);
        Assert.InRange(int.Parse(second.Handshake.Header("Retry-After")!, System.Globalization.CultureInfo.InvariantCulture), 1, 60);
    }

    private async Task<RawWebSocket> RequestAsync(string header, string? value) =>
        await RawWebSocket.ConnectAsync(memory.Node.BaseUri, new RawWebSocketOptions { Headers = new Dictionary<string, string?> { [header] = value } });
}
