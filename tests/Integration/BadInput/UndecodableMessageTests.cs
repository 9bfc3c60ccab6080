using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.BadInput;

/// <summary>Frames that are right and hold no message: <c>bad_message</c>, and the connection lives on; ten in a row end it.</summary>
public sealed class UndecodableMessageTests(MemoryNode memory)
{
    [Theory]
    [InlineData("not json")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("\"join\"")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"type\":\"ping\"} {\"type\":\"ping\"}")]
    [InlineData("{\"type\":\"ping\",}")]
    [InlineData("{\"type\":\"ping\"/* comment */}")]
    [InlineData("{\"type\":\"\"}")]
    [InlineData("{\"type\":\"\\ud800\"}")]
    [InlineData("{\"type\":\"ping\",\"id\":\"\\udfff\"}")]
    [InlineData("{\"type\":\"publish\",\"room\":\"r\",\"payload\":\"\\ud800\"}")]
    [InlineData("{\"type\":\"publish\",\"room\":\"r\",\"payload\":{\"\\ud800\":1}}")]
    [InlineData("{\"type\":\"publish\",\"room\":\"r\",\"payload\":1e999}")]
    [InlineData("{\"\\ud800\":1,\"type\":\"ping\"}")]
    public async Task Json_ThatIsNoMessage_IsABadMessage(string text)
    {
        await using var neighbour = await Neighbour.MoveInAsync(memory.Node);
        await using var client = await memory.Node.JoinAsync(neighbour.Room);

        await client.Socket.SendTextAsync(text);

        await IsBadMessageAsync(client);
        await neighbour.SawNothingAsync();
    }

    [Fact]
    public async Task Json_NestedTooDeeply_IsABadMessage()
    {
        await using var client = await memory.Node.ConnectAsync();

        await client.Socket.SendTextAsync($$"""{"type":"publish","room":"r","payload":{{new string('[', 64)}}{{new string(']', 64)}}}""");

        await IsBadMessageAsync(client);
    }

    // Written by hand: a codec would not make them.
    [Theory]
    [InlineData("C1", "a byte that is never used")]
    [InlineData("81A4747970", "a map that is cut short")]
    [InlineData("90", "an array")]
    [InlineData("A470696E67", "a string")]
    [InlineData("80", "a map without a type")]
    [InlineData("81A474797065A470696E6700", "a byte behind the message")]
    [InlineData("81A474797065C70401AABBCCDD", "an extension")]
    [InlineData("810102", "a key that is no string")]
    [InlineData("82A474797065A470696E67A178CB7FF8000000000000", "a NaN, in a field that nobody reads")]
    [InlineData("81A474797065A2FFFE", "a string that is not UTF-8")]
    [InlineData("DFFFFFFFFF", "a map that claims four billion entries")]
    [InlineData("DBFFFFFFFF", "a string that claims four gigabytes")]
    public async Task Msgpack_ThatIsNoMessage_IsABadMessage(string hex, string what)
    {
        Assert.NotEmpty(what);
        await using var neighbour = await Neighbour.MoveInAsync(memory.Node);
        await using var client = await memory.Node.JoinAsync(neighbour.Room, TestClientOptions.Msgpack);

        await client.Socket.SendBinaryAsync(Convert.FromHexString(hex));

        await IsBadMessageAsync(client);
        await neighbour.SawNothingAsync();
    }

    [Theory]
    [MemberData(nameof(Formats.Both), MemberType = typeof(Formats))]
    public async Task Rubbish_TenTimesInARow_ClosesWith4500(string subprotocol)
    {
        await using var neighbour = await Neighbour.MoveInAsync(memory.Node);
        await using var client = await memory.Node.JoinAsync(neighbour.Room, subprotocol);

        await SendRubbishAsync(client, subprotocol, 10);

        var close = await client.WaitForCloseAsync();
        Assert.Equal((4500, TcpEnd.Fin), (close.Code, close.End));
        Assert.Equal(10, client.Received.Count(message => message.Type == "error"));
        await neighbour.SawNothingAsync();
    }

    [Theory]
    [MemberData(nameof(Formats.Both), MemberType = typeof(Formats))]
    public async Task Rubbish_WithAGoodMessageInBetween_NeverCloses(string subprotocol)
    {
        await using var client = await memory.Node.ConnectAsync(subprotocol);

        for (var i = 0; i < 3; i++)
        {
            await SendRubbishAsync(client, subprotocol, 9);
            await client.PingAsync();
        }

        Assert.Equal(27, client.Received.Count(message => message.Type == "error"));
    }

    // A command that is refused was decoded all right: a client with a wrong room name is no abuser.
    [Theory]
    [MemberData(nameof(Formats.Both), MemberType = typeof(Formats))]
    public async Task Refusals_OfSoundMessages_NeverClose(string subprotocol)
    {
        await using var client = await memory.Node.ConnectAsync(subprotocol);

        for (var i = 0; i < 15; i++)
            Assert.Equal("bad_room", (await client.RequestErrorAsync(new { type = "join", room = "a room" })).Text("code"));
        await client.PingAsync();
    }

    private static async Task SendRubbishAsync(TestClient client, string subprotocol, int times)
    {
        for (var i = 0; i < times; i++)
            await client.Socket.SendAsync(subprotocol == TestClientOptions.Json ? WebSocketFrames.Text("rubbish") : WebSocketFrames.Binary([0xc1]));
    }

    private static async Task IsBadMessageAsync(TestClient client)
    {
        var error = (await client.ExpectTypeAsync("error")).Payload();
        Assert.Equal(("bad_message", false), (error.Text("code"), error.Flag("retryable")));
        Assert.NotEmpty(error.Text("message")!);
        await client.PingAsync();
    }
}
