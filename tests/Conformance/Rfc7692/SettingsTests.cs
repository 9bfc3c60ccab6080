using Fanout.Tests.Conformance.Support;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Conformance.Rfc7692;

/// <summary>What the settings give and take: compression on <c>/ws</c>, and no <c>/echo</c> unless it is asked for.</summary>
public sealed class SettingsTests
{
    [Fact]
    public async Task Ws_TakesCompressedCommands_AndAnswersThem()
    {
        await using var node = await NodeProcess.StartAsync();
        await using var peer = await ConnectAsync(node);
        Assert.Equal(Deflate.Answer, peer.Handshake!.Header("Sec-WebSocket-Extensions"));

        await peer.SendAsync(Wire.Frame(1, Deflate.Message(Wire.Bytes("""{"type":"ping","id":"1"}""")), rsv: 4));

        Assert.Equal("""{"type":"pong","id":"1"}""", (await peer.ReceiveFrameAsync()).Text);
    }

    [Fact]
    public async Task Ws_CountsTheInflatedSize()
    {
        await using var node = await NodeProcess.StartAsync(new NodeOptions().With(("Fanout:Limits:MaxMessageBytes", "2048")));
        await using var peer = await ConnectAsync(node);

        await peer.SendAsync(Wire.Frame(1, Deflate.Bomb(2049), rsv: 4));

        Assert.Equal(1009, (await peer.ReceiveUntilClosedAsync(echo: false)).Code);
    }

    [Fact]
    public async Task SwitchedOff_NothingIsAgreed_ButAtEcho()
    {
        await using var node = await NodeProcess.StartAsync(new NodeOptions().With(("Fanout:Compression:Enabled", "false"), ("Fanout:Testing:Echo", "true")));
        await using var echo = await RawWebSocket.ConnectAsync(node.BaseUri, "/echo", headers: new Dictionary<string, string> { ["Sec-WebSocket-Extensions"] = Deflate.Offer });
        Assert.Equal(Deflate.Answer, echo.EnsureAccepted().Handshake!.Header("Sec-WebSocket-Extensions"));
        await using var peer = await ConnectAsync(node);
        Assert.Null(peer.Handshake!.Header("Sec-WebSocket-Extensions"));

        await peer.SendAsync(Wire.Frame(1, Deflate.Message(Wire.Bytes("{}")), rsv: 4));

        Assert.Equal(1002, (await peer.ReceiveUntilClosedAsync(echo: false)).Code);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("false")]
    public async Task Echo_IsNotFound_UnlessAskedFor(string? setting)
    {
        await using var node = await NodeProcess.StartAsync(new NodeOptions().With(("Fanout:Testing:Echo", setting)));
        await using var peer = await RawWebSocket.ConnectAsync(node.BaseUri, "/echo");

        Assert.Equal(404, peer.Handshake!.Status);
        Assert.Equal(404, (await peer.UpgradeAsync(new HandshakeRequest(node.BaseUri, "/echo"))).Status);
    }

    [Theory]
    [InlineData(2048, 2048, null)]
    [InlineData(2048, 2049, 1009)]
    public async Task EchoMaxMessageBytes_IsItsLimit(int limit, int length, int? close)
    {
        await using var node = await NodeProcess.StartAsync(new NodeOptions().With(("Fanout:Testing:Echo", "true"), ("Fanout:Testing:EchoMaxMessageBytes", $"{limit}")));
        await using var peer = (await RawWebSocket.ConnectAsync(node.BaseUri, "/echo")).EnsureAccepted();

        await peer.SendBinaryAsync(new byte[length]);

        if (close is null)
            Assert.Equal(length, (await peer.ReceiveFrameAsync()).Payload.Length);
        else
            Assert.Equal(close, (await peer.ReceiveUntilClosedAsync()).Code);
    }

    // Behind "connected".
    private static async Task<RawWebSocket> ConnectAsync(NodeProcess node)
    {
        var headers = new Dictionary<string, string> { ["Sec-WebSocket-Extensions"] = "permessage-deflate; client_max_window_bits" };
        var peer = (await RawWebSocket.ConnectAsync(node.BaseUri, headers: headers)).EnsureAccepted();
        await peer.ReceiveFrameAsync();
        return peer;
    }
}
