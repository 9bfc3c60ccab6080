using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Clients.Wire;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Unit.TestKit;

public sealed class TestClientTests
{
    [Theory]
    [InlineData(TestClientOptions.Json)]
    [InlineData(TestClientOptions.Msgpack)]
    public async Task Commands_AreAnsweredById_AndMessagesStayQueued(string subprotocol)
    {
        await using var node = await FakeNode.StartAsync();
        await using var client = await TestClient.ConnectAsync(node.BaseUri, new() { Subprotocol = subprotocol });

        await client.JoinAsync("a");
        var published = await client.PublishAsync("a", "one");
        await client.PublishWithoutAckAsync("a", "two");
        await client.PingAsync();

        Assert.Equal("c1", client.ClientId);
        Assert.Equal(1, published.Offset());
        Assert.Equal(["one", "two"], client.Messages("a").Select(message => message.Text("payload")));
        Assert.Equal("one", (await client.ExpectTypeAsync("message", "a")).Text("payload"));
        Assert.Equal("two", (await client.ExpectTypeAsync("message", "a")).Text("payload"));
        Assert.Empty(client.Unconsumed);
    }

    [Fact]
    public async Task Expect_OfALaterMessage_LeavesTheEarlierOnes()
    {
        await using var node = await FakeNode.StartAsync();
        await using var client = await TestClient.ConnectAsync(node.BaseUri);
        var second = client.ExpectAsync(message => message.Text("payload") == "second", "the second message");

        await client.PublishAsync("a", "first");
        await client.PublishAsync("a", "second");

        Assert.Equal("second", (await second).Text("payload"));
        Assert.Equal("first", Assert.Single(client.Unconsumed).Json.Text("payload"));
        Assert.Equal(2, (await client.WaitForMessagesAsync("a", 2)).Count);
    }

    [Fact]
    public async Task WaitForMessages_BeforeTheyCome_CountsThoseThatOthersConsume()
    {
        await using var node = await FakeNode.StartAsync();
        await using var client = await TestClient.ConnectAsync(node.BaseUri);
        await client.PublishWithoutAckAsync("a", 0);
        await client.ExpectTypeAsync("message", "a");

        var three = client.WaitForMessagesAsync("a", 3);
        await client.PublishWithoutAckAsync("a", 1);
        await client.ExpectTypeAsync("message", "a");
        await client.PublishWithoutAckAsync("b", 1);
        await client.PublishWithoutAckAsync("a", 2);

        Assert.Equal(3, (await three).Count);
    }

    [Fact]
    public async Task Error_ToACommandThatShouldSucceed_Throws()
    {
        await using var node = await FakeNode.StartAsync();
        await using var client = await TestClient.ConnectAsync(node.BaseUri);

        var error = await Assert.ThrowsAsync<FanoutErrorException>(() => client.PresenceAsync("a"));

        Assert.Equal("unknown_type", error.Code);
        Assert.Equal("unknown_type", (await client.RequestErrorAsync(new { type = "dance" })).Text("code"));
    }

    [Fact]
    public async Task Expect_WhenMissed_ShowsWhatCame_AndSwallowsNothingLater()
    {
        await using var node = await FakeNode.StartAsync();
        await using var client = await TestClient.ConnectAsync(node.BaseUri, new() { Context = () => "the node's log" });

        var error = await Assert.ThrowsAsync<TimeoutException>(
            () => client.ExpectTypeAsync("message", deadline: TimeSpan.FromMilliseconds(20)));
        await client.PublishAsync("a", "late");

        Assert.Contains("connected", error.Message, StringComparison.Ordinal);
        Assert.Contains("the node's log", error.Message, StringComparison.Ordinal);
        Assert.Equal("late", (await client.ExpectTypeAsync("message")).Text("payload"));
    }

    [Fact]
    public async Task Close_ByTheNode_IsTold_AndEndsEveryExpectation()
    {
        await using var node = await FakeNode.StartAsync();
        await using var client = await TestClient.ConnectAsync(node.BaseUri);
        var never = client.ExpectTypeAsync("message");

        await client.SendAsync(new { type = "bye" });
        var close = await client.WaitForCloseAsync();

        Assert.Equal((4503, "by an operator", TcpEnd.Fin), (close.Code, close.Reason, close.End));
        Assert.Equal(4503, (await Assert.ThrowsAsync<ConnectionEndedException>(() => never)).Close.Code);
        await Assert.ThrowsAsync<ConnectionEndedException>(() => client.ExpectTypeAsync("message"));
    }

    [Fact]
    public async Task Close_ByTheClient_IsAnswered()
    {
        await using var node = await FakeNode.StartAsync();
        await using var client = await TestClient.ConnectAsync(node.BaseUri);

        var close = await client.CloseAsync();

        Assert.Equal((1000, TcpEnd.Fin), (close.Code, close.End));
    }

    [Fact]
    public async Task Connect_WithTokenAndRooms_PutsThemWhereTheContractSays()
    {
        await using var server = await TinyServer.StartAsync((http, socket) => TinyServer.SendTextAsync(
            socket,
            new JsonObject
            {
                ["type"] = "connected",
                ["payload"] = new JsonObject
                {
                    ["clientId"] = http.Request.Headers.Authorization.ToString(),
                    ["userId"] = http.Request.Query["rooms"].ToString(),
                    ["node"] = http.Request.Headers.SecWebSocketProtocol.ToString(),
                },
            }.ToJsonString()));

        await using var byHeader = await TestClient.ConnectAsync(server.BaseUri, new() { Token = "tok", Rooms = "a;e1;5,$user.x=20" });
        await using var bySubprotocol = await TestClient.ConnectAsync(
            server.BaseUri, new() { Token = "tok", TokenIn = TokenPlace.Subprotocol });

        Assert.Equal(("Bearer tok", "a;e1;5,$user.x=20", "fanout.v1.json"), (byHeader.ClientId, byHeader.UserId, byHeader.Node));
        Assert.Equal(("", "fanout.v1.json, fanout.bearer.tok"), (bySubprotocol.ClientId, bySubprotocol.Node));
    }

    [Fact]
    public async Task PauseReading_WithASmallBuffer_StallsTheServer_UntilResumed()
    {
        var stalledAfter = new TaskCompletionSource<int>();
        await using var server = await TinyServer.StartAsync(async (_, socket) =>
        {
            await TinyServer.SendTextAsync(socket, """{"type":"connected","payload":{"clientId":"c"}}""");
            await socket.ReceiveAsync(new byte[100], CancellationToken.None);
            var message = $$"""{"type":"message","room":"a","payload":"{{new string('x', 64 * 1024)}}"}""";
            for (var i = 1; ; i++)
            {
                var send = TinyServer.SendTextAsync(socket, message);
                if (await Task.WhenAny(send, Task.Delay(100)) == send)
                    continue;
                stalledAfter.SetResult(i);
                await send;
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
                return;
            }
        });
        await using var client = await TestClient.ConnectAsync(server.BaseUri, new() { ReceiveBufferBytes = 4096 });

        client.PauseReading();
        await client.SendAsync(new { type = "go" });
        var sent = await stalledAfter.Task.WithDeadline("the server to stall");
        Assert.InRange(client.Messages("a").Count, 0, 1);
        client.ResumeReading();

        Assert.Equal(sent, (await client.WaitForMessagesAsync("a", sent)).Count);
        Assert.Equal(1000, (await client.WaitForCloseAsync()).Code);
    }

    [Fact]
    public async Task RawPayload_OfJson_IsTheTextOnTheWire()
    {
        const string Payload = """{ "b" :1.0e0, "a":"é\u00e9", "b":[ ] }""";
        await using var server = await TinyServer.StartAsync(async (_, socket) =>
        {
            await TinyServer.SendTextAsync(socket, """{"type":"connected","payload":{"clientId":"c"}}""");
            await TinyServer.SendTextAsync(socket, $$"""{"type":"message","payload": {{Payload}} ,"room":"a"}""");
        });
        await using var client = await TestClient.ConnectAsync(server.BaseUri);

        Assert.Equal(Payload, (await client.ExpectRawAsync("message", "a")).RawPayloadText);
    }

    [Fact]
    public async Task RawPayload_OfMsgpack_IsTheBytesOnTheWire()
    {
        await using var node = await FakeNode.StartAsync();
        await using var client = await TestClient.ConnectAsync(node.BaseUri, new() { Subprotocol = TestClientOptions.Msgpack });

        await client.PublishAsync("a", new JsonObject { ["data"] = Msgpack.Binary([1, 2]), ["size"] = 2.0 });

        Assert.Equal("82A464617461C4020102A473697A65CB4000000000000000", Convert.ToHexString(Assert.Single(client.RawPayloads("a")).Span));
    }
}
