using System.Net;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Streams;
using Xunit;

namespace Fanout.Tests.Integration.Streams;

/// <summary>Streams count as connections, and are bounded like them.</summary>
public sealed class StreamLimitTests
{
    private static readonly Dictionary<string, string> Browser = new() { ["Sec-Fetch-Mode"] = "cors" };

    [Theory]
    [InlineData("MaxConnections", 503)]
    [InlineData("MaxConnectionsPerIp", 429)]
    [InlineData("MaxConnectionsPerUser", 429)]
    public async Task Connections_OverALimit_AreRefused_AndABrowserIsToldWhenToComeBack(string limit, int status)
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey), ($"Fanout:Limits:{limit}", "1")));
        var asked = new EventStreamOptions { Token = Tokens.For("ann") };
        var first = await node.StreamAsync(asked);
        await first.ExpectAsync("joined");

        await using (var refused = await node.StreamAsync(asked))
        {
            Assert.Equal((status, "application/problem+json"), ((int)refused.Status, refused.Header("Content-Type")));
            Assert.InRange(int.Parse(refused.Header("Retry-After")!, System.Globalization.CultureInfo.InvariantCulture), 1, 60);
        }

        // EventSource would never come back after a status.
        await using (var browser = await node.StreamAsync(asked with { Headers = Browser }))
        {
            var closed = (await browser.ExpectAsync("closed")).Message.Payload();
            Assert.Equal((status, StreamEnd.Finished), ((int)closed.Integer("status")!, await browser.EndAsync()));
            Assert.InRange(browser.RetryMs!.Value, 1_000, 61_000);
            Assert.Equal("", browser.LastEventId);
        }

        // Its end makes room, for a socket too.
        await first.DisposeAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                await using var next = await node.StreamAsync(asked);
                return next.IsStream;
            },
            "room for another");
    }

    [Fact]
    public async Task NewConnections_ASecond_AreBounded()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Limits:ConnectionsPerSecond", "1")));
        // At once: one after another may take longer than a place takes to come back.
        var streams = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => node.StreamAsync(new EventStreamOptions())));

        Assert.Contains(HttpStatusCode.OK, streams.Select(stream => stream.Status));
        Assert.Contains(HttpStatusCode.ServiceUnavailable, streams.Select(stream => stream.Status));
        foreach (var stream in streams)
            await stream.DisposeAsync();
    }

    [Fact]
    public async Task Rooms_OverTheLimit_AreProblems_AndTheOthersAreJoined()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Limits:MaxRoomsPerConnection", "2")));
        await using var stream = await node.StreamAsync(new EventStreamOptions { Rooms = "a,b,c" });

        await stream.ExpectAsync("joined", "a");
        await stream.ExpectAsync("joined", "b");
        Assert.Equal("too_many_rooms", (await stream.ExpectAsync("problem", "c")).Message.Payload().Text("code"));
    }

    // As many rooms as may be by default, with names as long as fit a request line: the id goes out with each message, and comes back.
    [Fact]
    public async Task Id_OfAHundredRooms_ComesBackInTheHeader()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions());
        var rooms = Enumerable.Range(0, 100).Select(i => $"{i:D3}".PadLeft(70, 'r')).ToList();
        string id;
        await using (var first = await node.StreamAsync([.. rooms]))
        {
            Assert.True((await node.Api.PublishAsync(rooms[0], 1)).IsSuccess);
            id = (await first.ExpectAsync("message")).Id!;
        }

        Assert.True(id.Length > 10_000);
        Assert.True((await node.Api.PublishAsync(rooms[99], "missed")).IsSuccess);
        await using var back = await node.StreamAsync(new EventStreamOptions { Rooms = string.Join(',', rooms), LastEventId = id });
        Assert.Equal("missed", (await back.ExpectAsync("message", rooms[99])).Message.Text("payload"));
        foreach (var room in rooms)
            Assert.True((await back.ExpectAsync("joined", room)).Message.Payload().Flag("recovered"));
    }

    [Fact]
    public async Task Rooms_WhosePositionsWouldNotFitAHeader_AreRefused()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Limits:MaxRoomsPerConnection", "0")));

        await using var refused = await node.StreamAsync(new EventStreamOptions { Rooms = string.Join(',', Enumerable.Range(0, 900).Select(i => $"r{i}")) });

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains("Last-Event-ID", refused.Body, StringComparison.Ordinal);
    }
}
