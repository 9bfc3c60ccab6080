using System.Net;
using System.Text;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Api;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.Console;

/// <summary>Who gets to the console, its socket and the rooms behind it, and who does not.</summary>
[Collection(TwoNodes.Name)]
public sealed class ConsoleAccessTests(TwoNodes nodes)
{
    private const string ReaderKey = "a key that only reads";

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData("", HttpStatusCode.Unauthorized)]
    [InlineData("no such key", HttpStatusCode.Unauthorized)]
    [InlineData(NodeOptions.ApiKey, HttpStatusCode.OK)]
    public async Task Session_IsForKeysThatTheNodeKnows(string? key, HttpStatusCode expected) =>
        Assert.Equal(expected, (await ConsoleClient.SessionAsync(nodes.First.BaseUri, key)).Status);

    [Fact]
    public async Task KeyThatOnlyReads_GetsNoSession_AndNothingOfTheOperatorsRooms()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Fanout:Api:Keys:1:Name", "reader"), ("Fanout:Api:Keys:1:Key", ReaderKey), ("Fanout:Api:Keys:1:Scopes:0", "read")));
        using var reader = new ApiClient(node.BaseUri, ReaderKey);

        var session = await ConsoleClient.SessionAsync(node.BaseUri, ReaderKey);
        Assert.Equal(HttpStatusCode.Forbidden, session.Status);
        Assert.DoesNotContain("token", session.Text, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.Forbidden, (await reader.HistoryAsync("$ops.events")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await reader.MembersAsync("$ops")).Status);
        // However the path is written that leads there; no client library writes it so.
        foreach (var path in new[] { "$ops.events", "%24ops.events", "x/../$ops.events", "x/%2e%2e/$ops.events", "x/%2E./%24ops.events", "./$ops.events", "x%2Fy/../$ops.events" })
        {
            foreach (var call in new[] { "", "/history", "/members" })
                Assert.Equal((path + call, 403), (path + call, await StatusAsync(node, $"/api/v1/rooms/{path}{call}")));
        }

        Assert.Equal(200, await StatusAsync(node, "/api/v1/rooms/$ops.events/../x/history"));
        Assert.Equal(HttpStatusCode.OK, (await node.Api.HistoryAsync("$ops.events")).Status);
        // Nor does it learn that somebody looks.
        await using var watching = await ConsoleClient.ConnectAsync(node.BaseUri, await ConsoleClient.TokenAsync(node.BaseUri));
        await watching.JoinAsync("$ops");
        Assert.DoesNotContain((await reader.RoomsAsync()).Ok["items"]!.AsArray(), item => item!["room"]!.GetValue<string>().StartsWith("$ops", StringComparison.Ordinal));
        await watching.JoinAsync("$ops.events");
        await using var member = await node.JoinAsync("a-room");
        await using var another = await node.JoinAsync("b-room");
        // A page of one may hold nothing that it may see; no page leads it there.
        var pages = new List<string>();
        for (string? after = null; pages.Count == 0 || after is not null;)
        {
            var page = (await reader.RoomsAsync(after: after, limit: 1)).Ok;
            pages.AddRange(page["items"]!.AsArray().Select(item => (string)item!["room"]!));
            after = (string?)page["next"];
            Assert.DoesNotContain("$ops", after ?? "", StringComparison.Ordinal);
        }

        Assert.Equal(["a-room", "b-room"], pages.Where(room => room.EndsWith("-room", StringComparison.Ordinal)));
        Assert.Contains((await node.Api.RoomsAsync()).Ok["items"]!.AsArray(), item => item!["room"]!.GetValue<string>() == "$ops");
        // Only nodes tell what nodes do.
        Assert.Equal(HttpStatusCode.Forbidden, (await node.Api.PublishAsync("$ops.events", "forged")).Status);
    }

    [Fact]
    public async Task Token_OfOneNode_OpensTheSocketOfAnother()
    {
        await using var client = await ConsoleClient.ConnectAsync(nodes.Second.BaseUri, await ConsoleClient.TokenAsync(nodes.First.BaseUri));

        await client.JoinAsync("$ops");
        await client.JoinAsync("$ops.events");
    }

    [Fact]
    public async Task ConsoleSocket_TakesNobodyButOperators()
    {
        Assert.Equal(401, await RefusalAsync(null));
        Assert.Equal(401, await RefusalAsync(Tokens.For("ann", new { join = new[] { "*", "$*", "$ops" } })));
        Assert.Equal(401, await RefusalAsync("console." + Tokens.For("ann", new { join = new[] { "$ops" } })));
        Assert.Equal(401, await RefusalAsync((await ConsoleClient.TokenAsync(nodes.First.BaseUri))["console.".Length..]));
        // And the clients' socket takes no operators: it may be on a port that strangers reach.
        Assert.Equal(401, await RefusalAsync(await ConsoleClient.TokenAsync(nodes.First.BaseUri), "/ws"));
    }

    [Theory]
    [InlineData("join", "$ops")]
    [InlineData("join", "$ops.events")]
    [InlineData("publish", "$ops")]
    [InlineData("presence", "$ops")]
    [InlineData("history", "$ops.events")]
    public async Task User_WithEveryGrant_IsKeptFromTheOperatorsRooms(string type, string room)
    {
        string[] all = ["*", "$*", "$ops", "$ops.*"];
        await using var client = await nodes.First.ConnectAsync(new TestClientOptions { Token = Tokens.For("ann", new { join = all, publish = all, presence = all }) });

        Assert.Equal("forbidden", (await client.RequestErrorAsync(new { type, room, payload = new { } })).Text("code"));
    }

    [Fact]
    public async Task Refresh_TurnsNobodyIntoAnOperator_AndKeepsOperatorsIn()
    {
        var token = await ConsoleClient.TokenAsync(nodes.First.BaseUri);
        await using var anonymous = await nodes.First.ConnectAsync();
        Assert.Equal("unauthorized", (await anonymous.RequestErrorAsync(new { type = "refresh", payload = new { token } })).Text("code"));

        await using var console = await ConsoleClient.ConnectAsync(nodes.First.BaseUri, token);
        await console.JoinAsync("$ops");
        var answer = await console.RefreshAsync(await ConsoleClient.TokenAsync(nodes.Second.BaseUri));
        Assert.Empty(answer.Payload()["left"]!.AsArray());
    }

    [Fact]
    public async Task AdminPort_HasTheWholeConsole_AndThePublicPortNothingOfIt()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Admin:Port", "813")));
        using var publicPort = new ApiClient(node.BaseUri);

        foreach (var path in (string[])["/console", "/console/console.js", "/console/style.css"])
        {
            Assert.Equal(HttpStatusCode.OK, (await node.Api.GetAsync(path)).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await publicPort.GetAsync(path)).Status);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await ConsoleClient.SessionAsync(node.BaseUri, NodeOptions.ApiKey)).Status);
        var token = await ConsoleClient.TokenAsync(node.Process.AdminUri);
        await using (var console = await ConsoleClient.ConnectAsync(node.Process.AdminUri, token))
            await console.JoinAsync("$ops");
        Assert.Equal(404, await RefusalAsync(token, ConsoleClient.Path, node.BaseUri));
        Assert.Equal(401, await RefusalAsync(token, "/ws", node.BaseUri));
    }

    [Fact]
    public async Task AllowedOrigins_OfOtherPages_DoNotShutTheConsoleOut()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Auth:AllowedOrigins:0", "https://app.example")));
        var token = await ConsoleClient.TokenAsync(node.BaseUri);

        await using (var own = await ConsoleClient.ConnectAsync(node.BaseUri, token, origin: $"http://{node.BaseUri.Authority}"))
            await own.JoinAsync("$ops");
        var refused = await Assert.ThrowsAsync<HandshakeRefusedException>(() => ConsoleClient.ConnectAsync(node.BaseUri, token, origin: "https://evil.example"));
        Assert.Equal(403, refused.Response.Status);
    }

    // Operators get in past the limits, and nobody else does: least of all with a token whose signature costs something to check.
    [Fact]
    public async Task FullNode_TakesOperators_AndRefusesStrangersAsAnywhere()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Limits:MaxConnections", "1"), ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey)));
        await using var client = await node.ConnectAsync(new TestClientOptions { Token = Tokens.For("ann") });

        Assert.Equal(503, await RefusalAsync(Tokens.For("bob"), ConsoleClient.Path, node.BaseUri));
        Assert.Equal(503, await RefusalAsync(null, ConsoleClient.Path, node.BaseUri));
        Assert.Equal(503, await RefusalAsync("console.rubbish", ConsoleClient.Path, node.BaseUri));
        var token = await ConsoleClient.TokenAsync(node.BaseUri);
        await using (var console = await ConsoleClient.ConnectAsync(node.BaseUri, token))
        await using (var another = await ConsoleClient.ConnectAsync(node.BaseUri, token))
            await another.JoinAsync("$ops");
        await client.CloseAsync();
        // They held no place, and gave none back that was not theirs.
        await using var next = await Eventually.ValueAsync(() => TryConnectAsync(node), client => client is not null, "the place of who has gone");
        Assert.Equal(503, await RefusalAsync(Tokens.For("bob"), "/ws", node.BaseUri));
    }

    // Routing takes /console/ for the same, and every file that the page names would lie a folder deeper.
    [Fact]
    public async Task PageWithASlash_IsSentToTheOneWithout()
    {
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = nodes.First.BaseUri };

        using var answer = await http.GetAsync(new Uri("/console/", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.PermanentRedirect, "../console"), (answer.StatusCode, answer.Headers.Location?.OriginalString));
        // The socket's address with one is the socket's address.
        await using var console = await ConsoleClient.ConnectAsync(nodes.First.BaseUri, await ConsoleClient.TokenAsync(nodes.First.BaseUri), "/console/ws/");
        await console.JoinAsync("$ops");
        Assert.Equal(401, await RefusalAsync(Tokens.For("ann"), "/console/ws/"));
    }

    [Fact]
    public async Task Production_WithoutKeys_LetsNobodyIn()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Fanout:Api:Keys:0:Name", null), ("Fanout:Api:Keys:0:Key", null), ("Fanout:Api:Keys:0:Scopes:0", null), ("Fanout:Api:Keys:0:Scopes:1", null), ("Fanout:Api:Keys:0:Scopes:2", null)));

        Assert.Equal(HttpStatusCode.Unauthorized, (await ConsoleClient.SessionAsync(node.BaseUri, null)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await ConsoleClient.SessionAsync(node.BaseUri, "development")).Status);
        Assert.Equal(401, await RefusalAsync(null, ConsoleClient.Path, node.BaseUri));
    }

    [Fact]
    public async Task Page_ComesWithItsShields()
    {
        var page = await nodes.First.Api.GetAsync("/console");

        Assert.Equal("text/html", page.ContentType);
        var policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(page.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-referrer", Assert.Single(page.Headers.GetValues("Referrer-Policy")));
        // Nothing in the page runs that is not a file of the node.
        Assert.DoesNotMatch(@"<script(?![^>]*\ssrc=)|\son\w+=|javascript:|https?://", page.Text);

        var again = await nodes.First.Api.SendAsync(HttpMethod.Get, "/console", headers: new Dictionary<string, string> { ["If-None-Match"] = page.Headers.ETag!.Tag });
        Assert.Equal(HttpStatusCode.NotModified, again.Status);
        Assert.Equal(HttpStatusCode.NotFound, (await nodes.First.Api.GetAsync("/console/nothing.js")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await nodes.First.Api.GetAsync("/console/..%2fappsettings.json")).Status);
    }

    private static async Task<int> StatusAsync(RunningNode node, string target)
    {
        await using var peer = await RawWebSocket.OpenAsync(node.BaseUri);
        await peer.SendAsync(Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: here\r\nX-Api-Key: {ReaderKey}\r\n\r\n"));
        return (await peer.ReadHandshakeAsync()).Status;
    }

    private static async Task<TestClient?> TryConnectAsync(RunningNode node)
    {
        try
        {
            return await node.ConnectAsync(new TestClientOptions { Token = Tokens.For("ann") });
        }
        catch (HandshakeRefusedException)
        {
            return null;
        }
    }

    private async Task<int> RefusalAsync(string? token, string path = ConsoleClient.Path, Uri? node = null) =>
        (await Assert.ThrowsAsync<HandshakeRefusedException>(() => ConsoleClient.ConnectAsync(node ?? nodes.First.BaseUri, token, path))).Response.Status;
}
