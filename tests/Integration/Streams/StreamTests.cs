using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Streams;
using Xunit;

namespace Fanout.Tests.Integration.Streams;

/// <summary>What comes over <c>/sse</c>, and how.</summary>
public sealed class StreamTests(MemoryNode memory)
{
    private RunningNode Node => memory.Node;

    [Fact]
    public async Task Stream_IsAnswered_SoThatNobodyHoldsItBack()
    {
        await using var stream = await Node.StreamAsync(Rooms.New());

        Assert.True(stream.IsStream);
        Assert.Equal(("no-transform, no-cache", "no", "Origin"), (stream.Header("Cache-Control"), stream.Header("X-Accel-Buffering"), stream.Header("Vary")));
        Assert.Null(stream.Header("Content-Encoding"));
    }

    [Fact]
    public async Task Stream_GetsTheMessagesOfASocket_InTheSameOrder()
    {
        var (room, plain) = (Rooms.New(), Rooms.New());
        await using var socket = await Node.JoinAsync(room);
        await using var stream = await Node.StreamAsync(room, plain);

        var connected = stream.Events[0];
        Assert.Equal(("connected", "connected"), (connected.Name, connected.Message.Text("type")));
        Assert.Equal([room, plain], connected.Message.Payload()["rooms"]!.AsArray().Select(name => (string)name!));
        const int Count = 50;
        for (var i = 0; i < Count; i++)
            await socket.PublishAsync(room, new JsonObject { ["i"] = i, ["text"] = "ü\n\u2028" });
        var fromSocket = await socket.WaitForMessagesAsync(room, Count);
        var fromStream = await stream.MessagesAsync(room, Count);

        Assert.Equal(fromSocket.Select(message => message.ToJsonString()), fromStream.Select(e => e.Message.ToJsonString()));
    }

    [Fact]
    public async Task Id_IsThePositionInAllRooms_AndMovesWithEachMessage()
    {
        var (a, b) = (Rooms.New("a"), Rooms.New("b"));
        await using var stream = await Node.StreamAsync(a, b);
        var epochs = new[] { a, b }.ToDictionary(room => room, room => stream.Events.Single(e => e.Name == "joined" && e.Message.Text("room") == room).Message.Payload().Text("epoch"));

        foreach (var room in new[] { a, b, a })
        {
            Assert.True((await Node.Api.PublishAsync(room, 1)).IsSuccess);
            await stream.ExpectAsync("message", room);
        }

        var ids = stream.Events.Where(e => e.Name == "message").Select(e => e.Id!.Split(',').Order(StringComparer.Ordinal));
        Assert.Equal(
            [(1, 0), (1, 1), (2, 1)],
            ids.Select(id => id.ToArray()).Select(id => (Offset(id[0], a), Offset(id[1], b))));

        int Offset(string item, string room)
        {
            var parts = item.Split(';');
            Assert.Equal((room, epochs[room]), (parts[0], parts[1]));
            return int.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    [Fact]
    public async Task Payload_WithLineBreaks_AndALargeOne_ComeWhole()
    {
        var room = Rooms.New();
        await using var stream = await Node.StreamAsync(room);
        var large = $"[\r\n{string.Join(",\n", Enumerable.Range(0, 80_000).Select(i => $"\"{i:D8}\""))}\n]";

        Assert.True((await Node.Api.PublishRawAsync(room, "{\n\"a\":\r1,\r\n \"b\":\"x\\ny\"}")).IsSuccess);
        Assert.True((await Node.Api.PublishRawAsync(room, large)).IsSuccess);

        var messages = await stream.MessagesAsync(room, 2);
        Assert.Equal("""{"a":1,"b":"x\ny"}""", messages[0].Message["payload"]!.ToJsonString());
        Assert.Equal(80_000, messages[1].Message["payload"]!.AsArray().Count);
        Assert.Contains(",\n\"00000001\",\n", messages[1].Data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MessagePack_OfASocket_IsReadAsJson()
    {
        var room = Rooms.New();
        await using var stream = await Node.StreamAsync(room);
        await using var socket = await Node.ConnectAsync(TestClientOptions.Msgpack);

        await socket.PublishAsync(room, new JsonObject { ["n"] = 1 });

        Assert.Equal("""{"n":1}""", (await stream.ExpectAsync("message", room)).Message["payload"]!.ToJsonString());
    }

    // .NET's own reader, as another reading of the standard than ours.
    [Fact]
    public async Task Stream_IsReadByTheFrameworksParser()
    {
        var room = Rooms.New();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        await using var body = await http.GetStreamAsync(new Uri(Node.BaseUri, "/sse?rooms=" + room), TestContext.Current.CancellationToken).WithDeadline("the stream");
        var seen = new List<SseItem<string>>();
        await Deadlines.RunAsync(
            async cancelled =>
            {
                await foreach (var item in SseParser.Create(body).EnumerateAsync(cancelled))
                {
                    seen.Add(item);
                    if (item.EventType == "joined")
                        Assert.True((await Node.Api.PublishAsync(room, "hello")).IsSuccess);
                    if (item.EventType == "message")
                        break;
                }
            },
            "a message");

        Assert.Equal(["connected", "joined", "message"], seen.Select(item => item.EventType));
        Assert.InRange(seen[0].ReconnectionInterval!.Value.TotalSeconds, 1.4, 4.6);
        Assert.EndsWith(";1", seen[2].EventId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_OfABrokenRoom_ToldSo_AndOfTheOthersStays()
    {
        var room = Rooms.New();
        await using var stream = await Node.StreamAsync(new EventStreamOptions { Rooms = $"a room,{room};x,$all,{room}2" });

        Assert.Equal("bad_room", (await stream.ExpectAsync("problem", "a room")).Message.Payload().Text("code"));
        Assert.Equal("bad_message", (await stream.ExpectAsync("problem", room)).Message.Payload().Text("code"));
        Assert.Equal("forbidden", (await stream.ExpectAsync("problem", "$all")).Message.Payload().Text("code"));
        await stream.ExpectAsync("joined", room + "2");
    }

    [Fact]
    public async Task Silence_IsFilledWithComments()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Heartbeat:Interval", "00:00:00.3"), ("Fanout:Heartbeat:Timeout", "00:00:01")));
        await using var stream = await node.StreamAsync(Rooms.New());

        // Past the timeout too, which is for clients that can answer.
        await Eventually.TrueAsync(() => stream.Comments >= 6, "six comments", context: node.Process.LogTail);
        Assert.Equal(2, stream.Events.Count);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("HEAD")]
    public async Task Method_OtherThanGet_Is405(string method)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Node.BaseUri, "/sse"));
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken).WithDeadline("an answer");

        Assert.Equal((HttpStatusCode.MethodNotAllowed, "GET, OPTIONS"), (response.StatusCode, string.Join(", ", response.Content.Headers.Allow)));
    }

    [Fact]
    public async Task Member_ByStream_IsShownAndCounted_UntilItGoes()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Rooms:0:Pattern", "*"), ("Fanout:Rooms:0:Presence", "true")));
        await using var watching = await node.StreamAsync(new EventStreamOptions { Rooms = "room", Query = "presence=room" });
        await watching.ExpectAsync("joined", "room");

        await using (var other = await node.StreamAsync("room"))
        {
            await watching.ExpectAsync("presence.join", "room");
            Assert.Equal(2, (int)(await node.Api.RoomAsync("room")).Ok["members"]!);
            Assert.Equal(2, (int)(await node.Api.NodesAsync()).Ok["items"]![0]!["connections"]!);
            Assert.DoesNotContain(other.Events, e => e.Name.StartsWith("presence", StringComparison.Ordinal));
        }

        await watching.ExpectAsync("presence.leave", "room");
        await Eventually.TrueAsync(async () => (int)(await node.Api.NodesAsync()).Ok["items"]![0]!["connections"]! == 1, "the connection to be gone");
        Assert.Contains("fanout_connections_closed", (await node.Api.GetAsync("/metrics")).Text, StringComparison.Ordinal);
    }
}
