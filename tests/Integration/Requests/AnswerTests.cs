using System.Net.Sockets;
using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.BackEnds;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Fanout.Tests.Integration.Requests;

/// <summary>What a back end gets of a request, and what a client gets of its answer.</summary>
public sealed class AnswerTests : IClassFixture<AnswerTests.Rig>
{
    private readonly RequestNode _rig;

    public AnswerTests(Rig rig)
    {
        _rig = rig.Node;
        _rig.Receiver.Reset();
    }

    [Theory]
    [MemberData(nameof(Formats.Both), MemberType = typeof(Formats))]
    public async Task Request_ReachesTheBackEnd_Signed_WithWhoAsks(string subprotocol)
    {
        _rig.Receiver.Answer = static (_, context) => JsonAsync(context, """ {"ok": true, "n": [1, 2.5, null], "text": "grün"} """);
        var token = Tokens.For("ann", new { info = new { name = "Ann" } });
        await using var client = await _rig.Node.ConnectAsync(new TestClientOptions { Subprotocol = subprotocol, Token = token });

        var response = await client.RequestAsync(Request("cart.add", new JsonObject { ["item"] = 42, ["note"] = "für dich" }), "response");

        Assert.Equal("""{"ok":true,"n":[1,2.5,null],"text":"gr\u00FCn"}""", response["payload"]!.ToJsonString());
        var call = Assert.Single(_rig.Receiver.Calls);
        Assert.Equal("/rest?tenant=7", call.Path);
        Assert.True(call.IsSignedWith(RequestNode.Secret));
        Assert.False(call.IsSignedWith("another secret"));
        Assert.Equal("application/json", call.Header("Content-Type"));
        Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$", call.Header("traceparent"));
        var body = call.Json;
        Assert.Equal(("cart.add", client.ClientId, "ann"), ((string?)body["method"], (string?)body["clientId"], (string?)body["userId"]));
        Assert.Equal("""{"name":"Ann"}""", body["info"]!.ToJsonString());
        Assert.Equal("""{"item":42,"note":"f\u00FCr dich"}""", body["payload"]!.ToJsonString());
        Assert.True(Guid.TryParse((string?)body["id"], out _));
    }

    // The node here exports no traces; the back end may.
    [Theory]
    [InlineData(TestClientOptions.Json, "01")]
    [InlineData(TestClientOptions.Msgpack, "00")]
    public async Task Request_WithATrace_LeadsTheBackEndToIt(string subprotocol, string flags)
    {
        var traceParent = $"00-{Guid.NewGuid():n}-b7ad6b7169203331-{flags}";
        await using var client = await _rig.Node.ConnectAsync(subprotocol);
        var request = Request("anything");
        request["traceparent"] = traceParent;

        await client.RequestAsync(request, "response");

        Assert.Equal(traceParent, Assert.Single(_rig.Receiver.Calls).Header("traceparent"));
    }

    [Fact]
    public async Task Request_WithoutPayloadOrUser_SaysSo_AndAnEmptyAnswerIsNull()
    {
        _rig.Receiver.Answer = static (_, context) =>
        {
            context.Response.StatusCode = 204;
            return Task.CompletedTask;
        };
        await using var client = await _rig.Node.ConnectAsync();

        var response = await client.RequestAsync(Request("anything"), "response");

        Assert.True(response.ContainsKey("payload"));
        Assert.Null(response["payload"]);
        Assert.Equal(["id", "method", "clientId"], _rig.Receiver.Calls[0].Json.Select(field => field.Key));
    }

    // Status, content type, body, Retry-After -> code, message, retryAfterMs.
    public static TheoryData<int, string, string, string?, string, string, long?> Answers => new()
    {
        { 400, Problem, """{"title": "No such size"}""", null, "bad_message", "No such size", null },
        { 401, Problem, """{"detail": "Log in again"}""", null, "unauthorized", "Log in again", null },
        { 403, Problem, "{}", null, "forbidden", "the back end refused", null },
        { 404, Problem, """{"title": "Gone", "detail": "No order 7"}""", null, "not_found", "No order 7", null },
        { 409, Problem, """{"detail": "Sold out"}""", null, "conflict", "Sold out", null },
        { 413, Problem, "{}", null, "too_large", "the back end refused", null },
        { 422, Problem, """{"detail": "Not yours", "code": "forbidden"}""", null, "forbidden", "Not yours", null },
        { 422, Problem, """{"detail": "No lies", "code": "backplane_unavailable"}""", null, "bad_message", "No lies", null },
        { 429, Problem, """{"detail": "Slowly"}""", "3", "rate_limited", "Slowly", 3000 },
        { 404, "text/html", "<h1>nginx</h1>", null, "upstream_failed", "the back end failed", null },
        { 400, Problem, "<h1>no JSON</h1>", null, "upstream_failed", "the back end failed", null },
        { 500, Problem, """{"detail": "SELECT * FROM secrets"}""", null, "upstream_failed", "the back end failed", null },
        { 503, "text/plain", "later", "2", "upstream_failed", "the back end failed", 2000 },
        { 302, "text/plain", "", null, "upstream_failed", "the back end failed", null },
        { 200, "application/json", "{\"half\": ", null, "upstream_failed", "the back end failed", null },
        { 200, "application/json", "{} {}", null, "upstream_failed", "the back end failed", null },
        { 200, "application/json", "1e999", null, "upstream_failed", "the back end failed", null },
        { 200, "application/json", "\"\\ud800\"", null, "upstream_failed", "the back end failed", null },
        { 200, "application/json", "[" + new string(' ', 1000) + "]", null, "too_large", "the back end's answer is too large", null },
    };

    private const string Problem = "application/problem+json";

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task Answer_IsToldToTheClient(int status, string type, string body, string? retryAfter, string code, string message, long? retryAfterMs)
    {
        _rig.Receiver.Answer = async (_, context) =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = type;
            if (retryAfter is not null)
                context.Response.Headers.RetryAfter = retryAfter;
            if (status == 302)
                context.Response.Headers.Location = "/elsewhere";
            await context.Response.WriteAsync(body);
        };
        await using var client = await _rig.Node.ConnectAsync();

        var error = await client.RequestErrorAsync(Request("anything"));

        Assert.Equal((code, message, retryAfterMs), (error.Text("code"), error.Text("message"), error.Integer("retryAfterMs")));
        Assert.Equal("/rest?tenant=7", Assert.Single(_rig.Receiver.Calls).Path);
    }

    // An answer in chunks, without a length that could be looked at before.
    [Fact]
    public async Task Answer_ThatNeverEnds_IsCutAtItsBound()
    {
        var cut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _rig.Receiver.Answer = async (_, context) =>
        {
            context.RequestAborted.Register(() => cut.TrySetResult());
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync(new string('1', 100));
                await context.Response.Body.FlushAsync();
            }
        };
        await using var client = await _rig.Node.ConnectAsync();

        Assert.Equal("too_large", (await client.RequestErrorAsync(Request("anything"))).Text("code"));
        await cut.Task.WithDeadline("the node to hang up");
    }

    // The connection is kept from the request before. A client that sends again by itself would do things twice.
    [Fact]
    public async Task Request_WhoseConnectionDies_IsNeverSentTwice()
    {
        await using var client = await _rig.Node.ConnectAsync();
        await client.RequestAsync(Request("first"), "response");
        _rig.Receiver.Answer = static (_, context) =>
        {
            context.Abort();
            return Task.CompletedTask;
        };

        for (var i = 0; i < 5; i++)
            Assert.Equal("upstream_failed", (await client.RequestErrorAsync(Request("pay"))).Text("code"));

        Assert.Equal(6, _rig.Receiver.Calls.Count);
    }

    [Fact]
    public async Task Request_ThatNobodyCouldTake_IsTriedAgain()
    {
        // A port of our own that refuses, until somebody listens there.
        using var place = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        place.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        var port = ((System.Net.IPEndPoint)place.LocalEndPoint!).Port;
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Fanout:Rpc:Methods:0:Pattern", "*"), ("Fanout:Rpc:Methods:0:Url", $"http://127.0.0.1:{port}/")));
        await using var client = await node.ConnectAsync();

        Assert.Equal("upstream_failed", (await client.RequestErrorAsync(Request("anything"))).Text("code"));
        Assert.Contains(node.Process.Logs, line => line.Contains("are not signed", StringComparison.Ordinal));
        place.Dispose();
        await using var receiver = await Receiver.StartAsync(port);
        await client.RequestAsync(Request("anything"), "response");
        Assert.Null(Assert.Single(receiver.Calls).Header("Fanout-Signature"));
    }

    [Fact]
    public async Task Request_ThatIsWrong_IsRefused_BeforeTheBackEndHearsOfIt()
    {
        await using var client = await _rig.Node.ConnectAsync();
        await using var other = await RunningNode.StartAsync();
        await using var stranger = await other.ConnectAsync();

        Assert.Equal("bad_message", (await client.RequestErrorAsync(new JsonObject { ["type"] = "request" })).Text("code"));
        Assert.Equal("bad_message", (await client.RequestErrorAsync(Request(new string('m', 129)))).Text("code"));
        Assert.Equal("method_not_found", (await stranger.RequestErrorAsync(Request("anything"))).Text("code"));
        await client.SendAsync(new JsonObject { ["type"] = "request", ["method"] = "no id" });
        Assert.Equal("bad_message", (await client.ExpectTypeAsync("error")).Payload().Text("code"));
        Assert.Empty(_rig.Receiver.Calls);
    }

    /// <summary>One node for all; each test begins with a receiver that has heard of nothing.</summary>
    public sealed class Rig : IAsyncLifetime
    {
        internal RequestNode Node { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Node = await RequestNode.StartAsync(
            ("Fanout:Rpc:Methods:1:MaxAnswerBytes", "1000"),
            ("Fanout:Rpc:Methods:1:BreakAfter", "0"),
            ("Fanout:Rpc:Methods:2:Pattern", "never reached"),
            ("Fanout:Rpc:Methods:2:Url", "http://127.0.0.1:1/"));

        public ValueTask DisposeAsync() => Node.DisposeAsync();
    }

    internal static JsonObject Request(string method, JsonNode? payload = null)
    {
        var message = new JsonObject { ["type"] = "request", ["method"] = method };
        if (payload is not null)
            message["payload"] = payload;
        return message;
    }

    internal static Task JsonAsync(HttpContext context, string json)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    }
}
