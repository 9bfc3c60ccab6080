using System.Net;
using System.Text;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.Sockets;

/// <summary>The first request of a connection, plain and behind TLS: an upgrade is taken below HTTP, all else reaches ASP.NET untouched.</summary>
public sealed class FastLaneTests(TlsNode nodes) : IClassFixture<TlsNode>
{
    // ASP.NET puts a date on whatever it answers; the fast lane's 101 has none. This is how the tests see which way was taken.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Upgrade_IsTakenBelowHttp(bool tls)
    {
        await using var peer = await nodes.OpenAsync(tls);

        var answer = await peer.UpgradeAsync(new HandshakeRequest(nodes.Uri(tls), "/ws"));

        Assert.Equal((101, (string?)null), (answer.Status, answer.Header("Date")));
        Assert.Contains("connected", (await peer.ReceiveFrameAsync()).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Request_ThatComesByteByByte_IsTakenTheSameWay(bool tls)
    {
        await using var peer = await nodes.OpenAsync(tls);
        var request = new HandshakeRequest(nodes.Uri(tls), "/ws?rooms=bytes", [TestClientOptions.Json]);

        foreach (var one in request.ToBytes())
            await peer.SendAsync(new[] { one });
        var answer = await peer.ReadHandshakeAsync();

        Assert.Equal((101, (string?)null), (answer.Status, answer.Header("Date")));
        Assert.Contains("connected", (await peer.ReceiveFrameAsync()).Text, StringComparison.Ordinal);
        Assert.Contains("\"room\":\"bytes\"", (await peer.ReceiveFrameAsync()).Text, StringComparison.Ordinal);
    }

    // A client need not wait for the 101 before it sends (RFC 6455 asks it to; some proxies join the packets anyway).
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Frames_InTheSamePacketAsTheRequest_AreRead(bool tls)
    {
        await using var peer = await nodes.OpenAsync(tls);
        var request = new HandshakeRequest(nodes.Uri(tls), "/ws", [TestClientOptions.Json]);

        await peer.SendAsync((byte[])[.. request.ToBytes(), .. WebSocketFrames.Text("""{"type":"ping","id":"1"}"""), .. WebSocketFrames.Text("""{"type":"ping","id":"2"}""")]);

        Assert.Equal(101, (await peer.ReadHandshakeAsync()).Status);
        Assert.Contains("connected", (await peer.ReceiveFrameAsync()).Text, StringComparison.Ordinal);
        Assert.Contains("\"1\"", (await peer.ReceiveFrameAsync()).Text, StringComparison.Ordinal);
        Assert.Contains("\"2\"", (await peer.ReceiveFrameAsync()).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PipelinedRequests_BeforeAnUpgrade_AreAllAnswered(bool tls)
    {
        await using var peer = await nodes.OpenAsync(tls);
        var get = Encoding.ASCII.GetBytes("GET /healthz/live HTTP/1.1\r\nHost: here\r\n\r\n");
        var request = new HandshakeRequest(nodes.Uri(tls), "/ws", [TestClientOptions.Json]);

        await peer.SendAsync((byte[])[.. get, .. get, .. request.ToBytes(), .. WebSocketFrames.Text("""{"type":"ping","id":"1"}""")]);

        Assert.Equal(200, (await peer.ReadHandshakeAsync()).Status);
        Assert.Equal(200, (await peer.ReadHandshakeAsync()).Status);
        Assert.Equal(101, (await peer.ReadHandshakeAsync()).Status);
        Assert.Contains("connected", (await peer.ReceiveFrameAsync()).Text, StringComparison.Ordinal);
        Assert.Contains("\"1\"", (await peer.ReceiveFrameAsync()).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OtherRequests_ReachAspNet_AndKeepTheConnection(bool tls)
    {
        await using var peer = await nodes.OpenAsync(tls);

        foreach (var path in new[] { "/wsx", "/", "/ws/other", "/healthz/live" })
        {
            // In two packets, cut where the fast lane must wait to know.
            var request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n");
            await peer.SendAsync(request.AsMemory(0, 5));
            await peer.SendAsync(request.AsMemory(5));
            var answer = await peer.ReadHandshakeAsync();
            Assert.Equal((path == "/healthz/live" ? 200 : 404, true), (answer.Status, answer.Header("Date") is not null));
        }
    }

    [Theory]
    [InlineData(false, "Sec-WebSocket-Version", "8", 426)]
    [InlineData(true, "Sec-WebSocket-Version", "8", 426)]
    [InlineData(false, "Sec-WebSocket-Key", "short", 400)]
    [InlineData(true, "Sec-WebSocket-Key", "short", 400)]
    [InlineData(false, "Sec-WebSocket-Protocol", "chat", 400)]
    [InlineData(true, "Sec-WebSocket-Protocol", "chat", 400)]
    [InlineData(false, "Authorization", "Bearer rubbish", 401)]
    [InlineData(true, "Authorization", "Bearer rubbish", 401)]
    public async Task Refusals_AreTheSame(bool tls, string header, string value, int status)
    {
        await using var peer = await nodes.OpenAsync(tls);

        var answer = await peer.UpgradeAsync(new HandshakeRequest(nodes.Uri(tls), "/ws").Set(header, value));

        Assert.Equal((status, "application/problem+json"), (answer.Status, answer.Header("Content-Type")));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Api_OverTls_IsServedByAspNet(string version)
    {
        using var http = new HttpClient(new SocketsHttpHandler { SslOptions = nodes.Trust, UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(nodes.TlsUri, "/healthz/ready"))
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.OK, Version.Parse(version)), (answer.StatusCode, answer.Version));
    }

    [Theory]
    [MemberData(nameof(Formats.Both), MemberType = typeof(Formats))]
    public async Task Messages_OverTls_PassBothWays_InOrder(string subprotocol)
    {
        var room = Rooms.New();
        await using var encrypted = await ConnectAsync(tls: true, subprotocol);
        await using var plain = await ConnectAsync(tls: false, subprotocol);
        await encrypted.JoinAsync(room);
        await plain.JoinAsync(room);
        // More than a TLS record, than the transport's buffer, and than the socket's.
        var texts = Enumerable.Range(0, 40).Select(i => $"{i} {new string('x', i % 5 == 0 ? 200_000 : 100)}").ToList();

        foreach (var (text, i) in texts.Select((text, i) => (text, i)))
            await (i % 2 == 0 ? encrypted : plain).PublishAsync(room, text);

        foreach (var client in new[] { encrypted, plain })
            Assert.Equal(texts, (await client.WaitForMessagesAsync(room, texts.Count)).Select(message => message.Text("payload")!));
    }

    // The node's close frame, then the end of TLS and of TCP: without the five seconds that the peer would have.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Violation_EndsWithItsCode_AndWithoutAReset(bool tls)
    {
        await using var peer = await nodes.OpenAsync(tls);
        await peer.UpgradeAsync(new HandshakeRequest(nodes.Uri(tls), "/ws"));
        await peer.ReceiveFrameAsync();

        await peer.SendAsync(WebSocketFrames.Client(WebSocketOpcode.Text, "{}"u8, mask: false));
        var close = await peer.ReceiveUntilClosedAsync(echo: false);

        Assert.Equal((1002, TcpEnd.Fin), (close.Code, close.End));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Close_ByTheClient_IsAnswered(bool tls)
    {
        await using var client = await ConnectAsync(tls, TestClientOptions.Json);

        var close = await client.CloseAsync(3001, "bye");

        Assert.Equal((3001, TcpEnd.Fin), (close.Code, close.End));
    }

    [Fact]
    public async Task Reader_OverTls_ThatIsTooSlow_IsClosedWith4001_AndTheOthersGetEverything()
    {
        await using var neighbour = await Neighbour.MoveInAsync(nodes.Node);
        await using var slow = await TestClient.ConnectAsync(nodes.TlsUri, new TestClientOptions { ReceiveBufferBytes = 64 * 1024, Tls = nodes.Trust });
        await slow.JoinAsync(neighbour.Room);

        slow.PauseReading();
        await SlowReader.FillUntilItIsCutAsync(nodes.Node, neighbour);
        slow.ResumeReading();

        Assert.Equal(4001, (await slow.WaitForCloseAsync()).Code);
        await neighbour.SawNothingAsync();
    }

    private Task<TestClient> ConnectAsync(bool tls, string subprotocol) =>
        TestClient.ConnectAsync(nodes.Uri(tls), new TestClientOptions { Subprotocol = subprotocol, Tls = nodes.Trust, Context = nodes.Node.Process.LogTail });
}
