using System.Text;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.Sockets;

/// <summary>
/// An upgrade that is not the first request of its connection, as a proxy may send it: it takes the ordinary way through HTTP, whose
/// socket must be no other than that of the first request.
/// </summary>
public sealed class SecondRequestTests(MemoryNode memory)
{
    [Theory]
    [InlineData(TestClientOptions.Json)]
    [InlineData(TestClientOptions.Msgpack)]
    public async Task Upgrade_AfterAPlainRequest_IsAccepted(string subprotocol)
    {
        await using var peer = await ConnectAsync("/ws", subprotocol);

        Assert.Equal(subprotocol, peer.EnsureAccepted().Handshake!.Subprotocol);
        var first = await peer.ReceiveFrameAsync();
        Assert.Equal(subprotocol == TestClientOptions.Json ? WebSocketOpcode.Text : WebSocketOpcode.Binary, first.Opcode);
    }

    [Fact]
    public async Task Messages_AndPings_PassBothWays()
    {
        var room = Rooms.New();
        await using var peer = await ConnectAsync($"/ws?rooms={room}", TestClientOptions.Json);
        // connected, joined
        await peer.ReceiveFrameAsync();
        await peer.ReceiveFrameAsync();
        await using var member = await memory.Node.JoinAsync(room);
        var text = new string('x', 200_000);

        await peer.SendTextAsync($$"""{"type":"publish","room":"{{room}}","payload":"{{text}}","echo":false}""");
        await peer.SendPingAsync("p"u8.ToArray());
        Assert.Equal(text, (await member.ExpectTypeAsync("message", room)).Text("payload"));
        Assert.Equal((WebSocketOpcode.Pong, "p"), await peer.ReceiveFrameAsync() is var pong ? (pong.Opcode, pong.Text) : default);

        await memory.Node.Api.PublishAsync(room, text);
        Assert.Contains(text, (await peer.ReceiveFrameAsync()).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Close_ByTheClient_IsAnswered_AndEndsTcpWithoutAReset()
    {
        await using var peer = await ConnectAsync("/ws", TestClientOptions.Json);
        await peer.ReceiveFrameAsync();

        await peer.SendCloseAsync(3001, "bye");
        var close = await peer.ReceiveUntilClosedAsync(echo: false);

        Assert.Equal((3001, TcpEnd.Fin), (close.Code, close.End));
    }

    [Theory]
    [InlineData(1002)]
    [InlineData(1003)]
    [InlineData(1007)]
    [InlineData(1009)]
    public async Task BadFrame_ClosesWithItsCode(int code)
    {
        await using var neighbour = await Neighbour.MoveInAsync(memory.Node);
        await using var peer = await ConnectAsync($"/ws?rooms={neighbour.Room}", TestClientOptions.Json);

        await peer.SendAsync(code switch
        {
            1002 => WebSocketFrames.Client(WebSocketOpcode.Text, "{}"u8, mask: false),
            1003 => WebSocketFrames.Binary("{}"u8),
            1007 => WebSocketFrames.Client(WebSocketOpcode.Text, [0xff]),
            _ => WebSocketFrames.Client(WebSocketOpcode.Text, new byte[2 * 1024 * 1024]),
        });

        WebSocketFrame frame;
        do
            frame = await peer.ReceiveFrameAsync();
        while (frame.Opcode != WebSocketOpcode.Close);
        Assert.Equal(code, (frame.Payload.Span[0] << 8) | frame.Payload.Span[1]);
        await neighbour.SawNothingAsync();
    }

    [Fact]
    public async Task Refusals_KeepTheConnection_UntilOneIsAccepted()
    {
        await using var peer = await RawWebSocket.OpenAsync(memory.Node.BaseUri);
        await GetAsync(peer);

        var refused = await peer.UpgradeAsync(new HandshakeRequest(memory.Node.BaseUri, "/ws", ["chat"]));
        var accepted = await peer.UpgradeAsync(new HandshakeRequest(memory.Node.BaseUri, "/ws"));

        Assert.Equal((400, 101), (refused.Status, accepted.Status));
        Assert.Contains("connected", (await peer.ReceiveFrameAsync()).Text, StringComparison.Ordinal);
    }

    private async Task<RawWebSocket> ConnectAsync(string pathAndQuery, string subprotocol)
    {
        var peer = await RawWebSocket.OpenAsync(memory.Node.BaseUri);
        await GetAsync(peer);
        await peer.UpgradeAsync(new HandshakeRequest(memory.Node.BaseUri, pathAndQuery, [subprotocol]));
        return peer;
    }

    /// <summary>A plain request that is answered, and leaves the connection open.</summary>
    private static async Task GetAsync(RawWebSocket peer)
    {
        await peer.SendAsync(Encoding.ASCII.GetBytes("GET /healthz/live HTTP/1.1\r\nHost: here\r\n\r\n"));
        Assert.Equal(200, (await peer.ReadHandshakeAsync()).Status);
    }
}
