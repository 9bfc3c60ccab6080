using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Streams;
using Xunit;

namespace Fanout.Tests.Integration.Streams;

/// <summary>How streams end, and what their connection is good for afterwards.</summary>
public sealed class StreamEndTests(TlsNode tls) : IClassFixture<TlsNode>
{
    [Fact]
    public async Task Drain_TellsWhenToComeBack_AndEndsEachStreamInOrder()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Drain:Window", "00:00:01"), ("Fanout:Drain:Notice", "00:00:00")));
        var streams = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => node.StreamAsync("room")));
        await using var socket = await node.JoinAsync("room");

        node.Process.Terminate();

        foreach (var stream in streams)
        {
            Assert.InRange((await stream.ExpectAsync("drain")).Message.Payload().Integer("reconnectAfterMs")!.Value, 0, 1_000);
            Assert.Equal(1001, (await stream.ExpectAsync("closed")).Message.Payload().Integer("code"));
            Assert.Equal(StreamEnd.Finished, await stream.EndAsync());
            Assert.InRange(stream.RetryMs!.Value, 1, 1_000);
            Assert.StartsWith("room;", stream.LastEventId, StringComparison.Ordinal);
            await stream.DisposeAsync();
        }

        Assert.Equal(0, await node.Process.WaitForExitAsync());
    }

    // Streams of one HTTP/2 connection begin and end by the dozen while messages flow: responses are used again by the next one, and none
    // may get a byte of another.
    [Fact]
    public async Task Http2_StreamsThatComeAndGo_GetTheirOwnRoomsAlone()
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, SslOptions = tls.Trust });
        var prefix = Rooms.New();
        using var over = new CancellationTokenSource();
        var publishing = PublishAsync();
        try
        {
            for (var round = 0; round < 20; round++)
                await Task.WhenAll(Enumerable.Range(0, 8).Select(ReadSomeAsync)).WithDeadline($"round {round}", context: tls.Node.Process.LogTail);
        }
        finally
        {
            await over.CancelAsync();
            await publishing;
        }

        await Eventually.TrueAsync(async () => (int)(await tls.Node.Api.NodesAsync()).Ok["items"]![0]!["connections"]! == 0, "no connection");

        async Task ReadSomeAsync(int index)
        {
            var room = $"{prefix}-{index}";
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(tls.TlsUri, "/sse?rooms=" + room))
            {
                Version = new Version(2, 0),
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            request.Headers.Add("Authorization", "Bearer " + Tokens.For($"user-{index}", new { join = new[] { "*" } }));
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
            Assert.StartsWith("retry: ", await lines.ReadLineAsync(), StringComparison.Ordinal);
            for (var messages = 0; messages < 3;)
            {
                var line = await lines.ReadLineAsync() ?? throw new EndOfStreamException("the stream ended");
                if (!line.StartsWith("data: {\"type\":\"message\"", StringComparison.Ordinal))
                    continue;
                Assert.Contains($"\"room\":\"{room}\"", line, StringComparison.Ordinal);
                messages++;
            }
        }

        async Task PublishAsync()
        {
            for (var i = 0; !over.IsCancellationRequested; i++)
                await tls.Node.Api.PublishAsync($"{prefix}-{i % 8}", i);
        }
    }

    [Fact]
    public async Task Http11_OverTls_StreamsToo()
    {
        await using var stream = await EventStream.OpenAsync(
            tls.TlsUri, new EventStreamOptions { Rooms = "room", Tls = tls.Trust, Token = Tokens.For("ann", new { join = new[] { "*" } }) });
        await stream.ExpectAsync("joined", "room");

        Assert.True((await tls.Node.Api.PublishAsync("room", 1)).IsSuccess);

        await stream.ExpectAsync("message", "room");
    }
}
