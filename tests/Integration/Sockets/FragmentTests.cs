using System.Text;
using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Clients.Wire;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.Sockets;

/// <summary>RFC 6455, 5.4 and 5.5: fragments, control frames between them, pings.</summary>
public sealed class FragmentTests(MemoryNode memory)
{
    [Theory]
    [InlineData(TestClientOptions.Json, 1)]
    [InlineData(TestClientOptions.Json, 10)]
    [InlineData(TestClientOptions.Msgpack, 1)]
    [InlineData(TestClientOptions.Msgpack, 7)]
    public async Task Message_InFragments_WithPingsBetween_IsOneMessage(string subprotocol, int size)
    {
        var room = Rooms.New();
        await using var client = await memory.Node.JoinAsync(room, subprotocol);
        var (opcode, message) = Encode(subprotocol, new JsonObject { ["type"] = "publish", ["id"] = "p", ["room"] = room, ["payload"] = "grün" });

        for (var at = 0; at < message.Length; at += size)
        {
            var last = at + size >= message.Length;
            var part = message[at..Math.Min(at + size, message.Length)];
            await client.Socket.SendAsync(WebSocketFrames.Client(at == 0 ? opcode : WebSocketOpcode.Continuation, part, fin: last));
            if (at % 8 == 0)
                await client.Socket.SendPingAsync(new byte[] { 1, 2, 3 });
        }

        Assert.Equal("grün", (await client.ExpectTypeAsync("message", room)).Text("payload"));
        await client.ExpectTypeAsync("published", room);
    }

    [Fact]
    public async Task Ping_BetweenTwoFragments_IsAnsweredBeforeTheMessageIsWhole()
    {
        await using var peer = await ConnectAsync();

        await peer.SendAsync(WebSocketFrames.Client(WebSocketOpcode.Text, "{\"type\":"u8, fin: false));
        await peer.SendPingAsync("are you there"u8.ToArray());
        var pong = await peer.ReceiveFrameAsync();
        await peer.SendAsync(WebSocketFrames.Client(WebSocketOpcode.Continuation, "\"ping\"}"u8));
        var answer = await peer.ReceiveFrameAsync();

        Assert.Equal((WebSocketOpcode.Pong, "are you there"), (pong.Opcode, pong.Text));
        Assert.Equal("""{"type":"pong"}""", answer.Text);
    }

    [Fact]
    public async Task Fragments_WithoutAByte_AddNothing()
    {
        await using var peer = await ConnectAsync();

        await peer.SendAsync(WebSocketFrames.Client(WebSocketOpcode.Text, [], fin: false));
        await peer.SendAsync(WebSocketFrames.Client(WebSocketOpcode.Continuation, "{\"type\":\"ping\"}"u8, fin: false));
        await peer.SendAsync(WebSocketFrames.Client(WebSocketOpcode.Continuation, [], fin: false));
        await peer.SendAsync(WebSocketFrames.Client(WebSocketOpcode.Continuation, []));

        Assert.Equal("""{"type":"pong"}""", (await peer.ReceiveFrameAsync()).Text);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(125)]
    public async Task Ping_OfTheProtocol_IsAnsweredWithItsOwnBytes(int length)
    {
        await using var peer = await ConnectAsync();
        var payload = Enumerable.Range(0, length).Select(i => (byte)(255 - i)).ToArray();

        await peer.SendPingAsync(payload);
        var pong = await peer.ReceiveFrameAsync();

        Assert.Equal((WebSocketOpcode.Pong, true, 0), (pong.Opcode, pong.Fin, pong.Rsv));
        Assert.Equal(payload, pong.Payload.ToArray());
    }

    [Fact]
    public async Task Pings_InARow_AreAnsweredInOrder()
    {
        await using var peer = await ConnectAsync();

        await peer.SendAsync(Enumerable.Range(0, 50).SelectMany(i => WebSocketFrames.Client(WebSocketOpcode.Ping, [(byte)i])).ToArray());

        for (var i = 0; i < 50; i++)
            Assert.Equal(new[] { (byte)i }, (await peer.ReceiveFrameAsync()).Payload.ToArray());
    }

    [Fact]
    public async Task Pong_ThatNobodyAskedFor_IsIgnored()
    {
        await using var peer = await ConnectAsync();

        await peer.SendPongAsync("hello"u8.ToArray());
        await peer.SendTextAsync("""{"type":"ping","id":"1"}""");

        Assert.Equal("""{"type":"pong","id":"1"}""", (await peer.ReceiveFrameAsync()).Text);
    }

    // Byte by byte, as a slow network may deliver it.
    [Fact]
    public async Task Frame_ThatTricklesIn_IsRead()
    {
        await using var peer = await ConnectAsync();

        foreach (var b in WebSocketFrames.Text("""{"type":"ping"}"""))
            await peer.SendAsync(new[] { b });

        Assert.Equal("""{"type":"pong"}""", (await peer.ReceiveFrameAsync()).Text);
    }

    /// <summary>A raw peer that has its "connected" behind it.</summary>
    private async Task<RawWebSocket> ConnectAsync()
    {
        var peer = (await RawWebSocket.ConnectAsync(memory.Node.BaseUri)).EnsureAccepted();
        await peer.ReceiveFrameAsync();
        return peer;
    }

    private static (WebSocketOpcode Opcode, byte[] Bytes) Encode(string subprotocol, JsonObject message) => subprotocol == TestClientOptions.Json
        ? (WebSocketOpcode.Text, Encoding.UTF8.GetBytes(message.ToJsonString()))
        : (WebSocketOpcode.Binary, Msgpack.Encode(message));
}
