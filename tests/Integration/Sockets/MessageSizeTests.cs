using System.Text;
using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Clients.Wire;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.Sockets;

/// <summary>Messages whose frames sit at the edges of the length forms, and of the size limit.</summary>
public sealed class MessageSizeTests(MemoryNode memory)
{
    private const int Limit = 1024 * 1024;

    [Theory]
    [InlineData(TestClientOptions.Json, 125)]
    [InlineData(TestClientOptions.Json, 126)]
    [InlineData(TestClientOptions.Json, 65_535)]
    [InlineData(TestClientOptions.Json, 65_536)]
    [InlineData(TestClientOptions.Json, Limit)]
    [InlineData(TestClientOptions.Msgpack, 125)]
    [InlineData(TestClientOptions.Msgpack, 126)]
    [InlineData(TestClientOptions.Msgpack, 65_535)]
    [InlineData(TestClientOptions.Msgpack, 65_536)]
    [InlineData(TestClientOptions.Msgpack, Limit)]
    public async Task Message_OfExactlySoManyBytes_ReachesMembersOfBothFormats(string subprotocol, int size)
    {
        var room = Rooms.New();
        await using var json = await memory.Node.JoinAsync(room);
        await using var msgpack = await memory.Node.JoinAsync(room, TestClientOptions.Msgpack);
        await using var publisher = await memory.Node.ConnectAsync(subprotocol);
        var (frame, payload) = PublishOf(subprotocol, room, size);

        await publisher.Socket.SendAsync(frame);

        await publisher.ExpectTypeAsync("published", room);
        foreach (var member in new[] { json, msgpack })
            Assert.Equal(payload, (await member.ExpectTypeAsync("message", room)).Text("payload"));
    }

    // The node answers in the shortest length form too: the raw peer refuses any other.
    [Theory]
    [InlineData(126)]
    [InlineData(127)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    public async Task Message_ToTheClient_AroundTheLengthForms_IsReadable(int size)
    {
        var room = Rooms.New();
        await using var member = await memory.Node.JoinAsync(room);

        for (var payload = size - 130; payload <= size; payload += 13)
        {
            var text = new string('x', Math.Max(0, payload));
            await memory.Node.Api.PublishAsync(room, text);
            Assert.Equal(text, (await member.ExpectTypeAsync("message", room)).Text("payload"));
        }
    }

    [Theory]
    [InlineData(TestClientOptions.Json)]
    [InlineData(TestClientOptions.Msgpack)]
    public async Task Message_OneByteOverTheLimit_ClosesWith1009(string subprotocol)
    {
        await using var neighbour = await Neighbour.MoveInAsync(memory.Node);
        await using var client = await memory.Node.JoinAsync(neighbour.Room, subprotocol);

        await client.Socket.SendAsync(PublishOf(subprotocol, neighbour.Room, Limit + 1).Frame);

        Assert.Equal(1009, (await client.WaitForCloseAsync()).Code);
        await neighbour.SawNothingAsync();
    }

    // Whatever each fragment has: the limit is for the message.
    [Fact]
    public async Task Message_OverTheLimitInSmallFragments_ClosesWith1009()
    {
        await using var client = await memory.Node.ConnectAsync();
        var part = new byte[64 * 1024];
        part.AsSpan().Fill((byte)' ');

        await client.Socket.SendAsync(WebSocketFrames.Client(WebSocketOpcode.Text, part, fin: false));
        for (var i = 1; i < 17 && !client.Closed.IsCompleted; i++)
            await client.Socket.SendAsync(WebSocketFrames.Client(WebSocketOpcode.Continuation, part, fin: false));

        Assert.Equal(1009, (await client.WaitForCloseAsync()).Code);
    }

    [Theory]
    [MemberData(nameof(Formats.Both), MemberType = typeof(Formats))]
    public async Task Message_WithoutAByte_IsABadMessage(string subprotocol)
    {
        await using var client = await memory.Node.ConnectAsync(subprotocol);

        await client.Socket.SendAsync(subprotocol == TestClientOptions.Json ? WebSocketFrames.Text("") : WebSocketFrames.Binary([]));

        Assert.Equal("bad_message", (await client.ExpectTypeAsync("error")).Payload().Text("code"));
        await client.PingAsync();
    }

    /// <summary>A publish whose frame has exactly so many bytes of payload.</summary>
    private static (byte[] Frame, string Payload) PublishOf(string subprotocol, string room, int size)
    {
        // The length of the text depends on how long its own length form is: the second try fits.
        var length = size - Encode("").Length;
        while (Encode(new string('x', length)).Length is var actual && actual != size)
            length -= actual - size;
        var payload = new string('x', length);
        var bytes = Encode(payload);
        return (subprotocol == TestClientOptions.Json ? WebSocketFrames.Client(WebSocketOpcode.Text, bytes) : WebSocketFrames.Binary(bytes), payload);

        byte[] Encode(string text)
        {
            var message = new JsonObject { ["type"] = "publish", ["id"] = "p", ["room"] = room, ["payload"] = text };
            return subprotocol == TestClientOptions.Json ? Encoding.UTF8.GetBytes(message.ToJsonString()) : Msgpack.Encode(message);
        }
    }
}
