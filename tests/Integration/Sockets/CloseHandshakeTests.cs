using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.Sockets;

/// <summary>RFC 6455, 5.5.1 and 7: both close frames, then TCP, which the server ends first and without a reset.</summary>
public sealed class CloseHandshakeTests(MemoryNode memory)
{
    [Theory]
    [InlineData(null, 1005)]
    [InlineData(1000, 1000)]
    [InlineData(1001, 1001)]
    [InlineData(3000, 3000)]
    [InlineData(4999, 4999)]
    public async Task Close_ByTheClient_IsAnsweredWithItsCode_AndTheServerEndsTcpFirst(int? code, int expected)
    {
        await using var peer = await ConnectAsync();

        await peer.SendCloseAsync(code, code is null ? "" : "that is it");
        var close = await peer.ReceiveUntilClosedAsync(echo: false);

        Assert.Equal((expected, TcpEnd.Fin), (close.Code, close.End));
        Assert.Empty(close.Skipped);
    }

    [Fact]
    public async Task Close_ByTheServer_WhenAnswered_EndsTcpWithoutAReset()
    {
        await using var peer = await ConnectAsync();

        await peer.SendBinaryAsync(new byte[] { 1 });
        var close = await peer.ReceiveUntilClosedAsync();

        Assert.Equal((1003, TcpEnd.Fin), (close.Code, close.End));
    }

    // After its own close frame a client may say no more; whoever does is not acted on.
    [Fact]
    public async Task Message_BehindTheClientsClose_IsNotActedOn()
    {
        var room = Rooms.New();
        await using var member = await memory.Node.JoinAsync(room);
        await using var peer = await ConnectAsync();

        await peer.SendAsync(WebSocketFrames.Close().Concat(WebSocketFrames.Text($$"""{"type":"publish","room":"{{room}}","payload":1}""")).ToArray());
        var close = await peer.ReceiveUntilClosedAsync(echo: false);
        await memory.Node.Api.PublishAsync(room, 2);

        Assert.Equal(1000, close.Code);
        Assert.Equal(2, (await member.ExpectTypeAsync("message", room)).Integer("payload"));
    }

    // What was asked before the close is still done.
    [Fact]
    public async Task Message_BeforeTheClientsClose_IsActedOn()
    {
        var room = Rooms.New();
        await using var member = await memory.Node.JoinAsync(room);
        await using var peer = await ConnectAsync();

        await peer.SendAsync(WebSocketFrames.Text($$"""{"type":"publish","room":"{{room}}","payload":1}""").Concat(WebSocketFrames.Close()).ToArray());

        Assert.Equal(1, (await member.ExpectTypeAsync("message", room)).Integer("payload"));
        Assert.Equal(1000, (await peer.ReceiveUntilClosedAsync(echo: false)).Code);
    }

    [Fact]
    public async Task Fin_WithoutACloseFrame_EndsTheConnection()
    {
        var room = Rooms.New();
        await using var peer = (await RawWebSocket.ConnectAsync(memory.Node.BaseUri, $"/ws?rooms={room}")).EnsureAccepted();
        await Eventually.ValueAsync(() => MembersAsync(room), members => members == 1, "the member");

        peer.ShutdownSend();

        await peer.ReceiveUntilClosedAsync(echo: false);
        await Eventually.ValueAsync(() => MembersAsync(room), members => members == 0, "the empty room");
    }

    // The client reads on but never answers the server's close: it has five seconds, then the connection ends all the same.
    [Fact]
    public async Task Close_ByTheServer_WhenNeverAnswered_EndsTcpAnyway()
    {
        await using var peer = await ConnectAsync();

        await peer.SendBinaryAsync(new byte[] { 1 });
        var close = await peer.ReceiveUntilClosedAsync(echo: false);

        Assert.Equal(1003, close.Code);
        Assert.NotEqual(TcpEnd.StillOpen, close.End);
    }

    // A violation ends the parsing, so the answer to the server's close is not seen as such; the client must still see a clean end.
    [Fact]
    public async Task Close_AfterAViolation_WhenAnswered_EndsTcpWithoutAReset()
    {
        await using var peer = await ConnectAsync();

        await peer.SendAsync(WebSocketFrames.Client(WebSocketOpcode.Text, "no mask"u8, mask: false));
        var close = await peer.ReceiveUntilClosedAsync();

        Assert.Equal((1002, TcpEnd.Fin), (close.Code, close.End));
    }

    private async Task<RawWebSocket> ConnectAsync()
    {
        var peer = (await RawWebSocket.ConnectAsync(memory.Node.BaseUri)).EnsureAccepted();
        await peer.ReceiveFrameAsync();
        return peer;
    }

    private async Task<long?> MembersAsync(string room) => (await memory.Node.Api.RoomAsync(room)).Ok.Integer("members");
}
