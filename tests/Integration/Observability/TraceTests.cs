using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.Integration.Support.Otlp;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.BackEnds;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Observability;

/// <summary>What two nodes export of a message's way between them, taken by OTLP over HTTP.</summary>
public sealed class TraceTests(RedisFixture redis) : IAsyncLifetime
{
    private const string ParentSpan = "b7ad6b7169203331";

    private RedisScope _scope = null!;
    private TelemetrySink _sink = null!;
    private RunningNode _a = null!;
    private RunningNode _b = null!;

    public async ValueTask InitializeAsync()
    {
        _scope = await redis.CreateScopeAsync();
        _sink = await TelemetrySink.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_a is not null)
            await _a.DisposeAsync();
        if (_b is not null)
            await _b.DisposeAsync();
        await _sink.DisposeAsync();
        await _scope.DisposeAsync();
    }

    [Theory]
    [InlineData("history")] // By the script.
    [InlineData("plain")] // By a plain PUBLISH.
    public async Task PublishByHttp_IsOneTrace_DownToTheDeliveryOnEachNode(string room)
    {
        await StartAsync();
        await using var here = await _a.JoinAsync(room);
        await using var alsoHere = await _a.JoinAsync(room);
        await using var there = await _b.JoinAsync(room, TestClientOptions.Msgpack);
        var trace = NewTraceId();

        var published = await PublishByHttpAsync(room, trace);
        await there.ExpectTypeAsync("message", room);
        var spans = await SpansAsync(trace, 5);

        var publish = Single(spans, "publish");
        var server = spans.Single(span => span.SpanId == publish.ParentId);
        var sending = Single(spans, "backplane publish");
        Assert.Equal(("a", "a", "a"), (server.Node, publish.Node, sending.Node));
        Assert.Equal((ParentSpan, publish.SpanId), (server.ParentId, sending.ParentId));
        Assert.Equal(("redis", "published", "2"), (sending.Attributes["db.system.name"], sending.Attributes["fanout.outcome"], sending.Attributes["fanout.nodes"]));

        var deliveries = spans.Where(span => span.Name == "deliver").OrderBy(span => span.Node).ToList();
        Assert.Equal([("a", "2"), ("b", "1")], deliveries.Select(span => (span.Node, span.Attributes["fanout.members"])));
        Assert.All(deliveries, span => Assert.Equal(sending.SpanId, span.ParentId));
        Assert.All(deliveries, span => Assert.True(span.Start <= span.End));
        // The id that the caller got leads to all of them.
        Assert.All(deliveries.Append(publish).Append(sending), span => Assert.Equal(published.Text("id"), span.Attributes["messaging.message.id"]));
        Assert.All(deliveries.Append(publish), span => Assert.Equal(room, span.Attributes["messaging.destination.name"]));
    }

    [Theory]
    [InlineData(TestClientOptions.Json)]
    [InlineData(TestClientOptions.Msgpack)]
    public async Task PublishBySocket_ContinuesItsClientsTrace(string subprotocol)
    {
        await StartAsync();
        await using var publisher = await _a.JoinAsync("history", subprotocol);
        await using var there = await _b.JoinAsync("history");
        var trace = NewTraceId();

        await publisher.RequestAsync(Publish("history", $"00-{trace}-{ParentSpan}-01"), "published");
        var spans = await SpansAsync(trace, 4);

        Assert.Equal(ParentSpan, Single(spans, "publish").ParentId);
        Assert.Equal(["a", "b"], spans.Where(span => span.Name == "deliver").Select(span => span.Node).Order());
    }

    // The back end's span is below the node's, which is below the client's.
    [Fact]
    public async Task Request_IsASpanBetweenItsClientAndItsBackEnd()
    {
        await using var backEnd = await Receiver.StartAsync();
        await StartAsync(("Fanout:Rpc:Methods:0:Pattern", "*"), ("Fanout:Rpc:Methods:0:Url", backEnd.Url + "rpc?key=hidden"), ("Fanout:Telemetry:ClientTracesPerSecond", "2"));
        await using var client = await _a.ConnectAsync();
        var (good, bad, unsampled) = (NewTraceId(), NewTraceId(), NewTraceId());

        await client.RequestAsync(Request("unsampled", $"00-{unsampled}-{ParentSpan}-00"), "response");
        await client.RequestAsync(Request("nobody's", null), "response");
        await client.RequestAsync(Request("good", $"00-{good}-{ParentSpan}-01"), "response");
        backEnd.Answer = static (_, context) =>
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        };
        await client.RequestErrorAsync(Request("bad", $"00-{bad}-{ParentSpan}-01"));
        var span = Assert.Single(await SpansAsync(good, 1));
        var failed = Assert.Single(await SpansAsync(bad, 1));

        Assert.Equal(("request", ParentSpan), (span.Name, span.ParentId));
        var seen = backEnd.Calls.ToDictionary(call => (string)call.Json["method"]!, call => call.Header("traceparent"));
        Assert.Equal($"00-{good}-{span.SpanId}-01", seen["good"]);
        Assert.Matches($"^00-{unsampled}-[0-9a-f]{{16}}-00$", seen["unsampled"]);
        Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-00$", seen["nobody's"]);
        Assert.Equal(("POST", "200", "good", "answered"), (span.Attributes["http.request.method"], span.Attributes["http.response.status_code"], span.Attributes["fanout.request.method"], span.Attributes["fanout.outcome"]));
        Assert.Equal((backEnd.Url + "rpc", backEnd.Url.Host, $"{backEnd.Url.Port}"), (span.Attributes["url.full"], span.Attributes["server.address"], span.Attributes["server.port"]));
        Assert.Equal((client.ClientId, (string)backEnd.Calls.Single(call => call.Text.Contains("\"good\"", StringComparison.Ordinal)).Json["id"]!), (span.Attributes["fanout.client.id"], span.Attributes["fanout.request.id"]));
        Assert.Equal(("503", "503", "failed"), (failed.Attributes["http.response.status_code"], failed.Attributes["error.type"], failed.Attributes["fanout.outcome"]));
        Assert.All(_sink.Spans, each => Assert.Contains(each.TraceId, new[] { good, bad }));
    }

    // What comes after them in the same room has been exported; so would they have been.
    [Fact]
    public async Task PublishesThatNobodySampled_LeaveNoSpans()
    {
        await StartAsync();
        await using var client = await _a.JoinAsync("history");
        await using var there = await _b.JoinAsync("history");
        var (unsampled, marker) = (NewTraceId(), NewTraceId());

        await client.RequestAsync(Publish("history", $"00-{unsampled}-{ParentSpan}-00"), "published");
        await client.RequestAsync(Publish("history", "nonsense"), "published");
        await client.RequestAsync(Publish("history", null), "published");
        await PublishByHttpAsync("history", unsampled, flags: "00");
        Assert.True((await _a.Api.PublishAsync("history", 1)).IsSuccess);
        await client.RequestAsync(Publish("history", $"00-{marker}-{ParentSpan}-01"), "published");
        await SpansAsync(marker, 4);

        Assert.All(_sink.Spans, span => Assert.Equal(marker, span.TraceId));
    }

    [Fact]
    public async Task RatioOfOne_BeginsATraceForEachPublish_AndForNoHealthCheck()
    {
        await StartAsync(("Fanout:Telemetry:TraceRatio", "1"));
        await using var client = await _a.JoinAsync("history");

        for (var i = 0; i < 5; i++)
            await client.RequestAsync(Publish("history", null), "published");
        await _b.Process.ReadinessAsync();
        Assert.True((await _b.Api.PublishAsync("history", 1)).IsSuccess);
        await Eventually.TrueAsync(() => _sink.Spans.Count(span => span.Name == "deliver") == 6 && _sink.Spans.Count(span => span.Name == "publish") == 6, "six publishes and deliveries", context: Seen);

        var publishes = _sink.Spans.Where(span => span.Name == "publish").ToList();
        Assert.Equal(6, publishes.Select(span => span.TraceId).Distinct().Count());
        Assert.Equal(5, publishes.Count(span => span.ParentId.Length == 0));
        Assert.DoesNotContain(_sink.Spans, span => span.Attributes.Values.Any(value => value.Contains("healthz", StringComparison.Ordinal) || value.Contains("/ws", StringComparison.Ordinal)));
    }

    // A header is all it takes to ask for a trace, and somebody has to keep what is traced.
    [Fact]
    public async Task CallersWithoutAKey_LeaveNoSpans_HoweverTheyAsk()
    {
        await StartAsync(("Fanout:Telemetry:TraceRatio", "1"));
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var (stranger, marker) = (NewTraceId(), NewTraceId());

        foreach (var key in new[] { null, "a wrong key" })
        {
            foreach (var path in new[] { "/", "/nowhere", "/api/v1/nowhere", "/api/v1/rooms", "/api/v1/rooms/history/messages", "/healthz/ready", "/metrics", "/console", "/ws", "/sse" })
            {
                foreach (var traced in new[] { true, false })
                {
                    using var request = new HttpRequestMessage(path.EndsWith("messages", StringComparison.Ordinal) ? HttpMethod.Post : HttpMethod.Get, new Uri(_a.BaseUri, path));
                    if (key is not null)
                        request.Headers.Add("X-Api-Key", key);
                    if (traced)
                        request.Headers.Add("traceparent", $"00-{stranger}-{ParentSpan}-01");
                    using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken).WithDeadline(path);
                    Assert.NotEqual(500, (int)response.StatusCode);
                }
            }
        }

        await PublishByHttpAsync("history", marker);
        await SpansAsync(marker, 3);
        Assert.All(_sink.Spans, span => Assert.Equal(marker, span.TraceId));
    }

    [Fact]
    public async Task MessagesOfABatch_AreLinked_WhereOneSendCarriedThem()
    {
        await StartAsync(("Fanout:Telemetry:TraceRatio", "1"));
        await using var member = await _b.JoinAsync("history");
        var items = new JsonArray([.. Enumerable.Range(0, 50).Select(i => (JsonNode)new JsonObject { ["room"] = "history", ["payload"] = i })]);

        // They travel together; that a lane finds two of them at once is likely each time, and no more.
        await Eventually.TrueAsync(
            async () =>
            {
                Assert.True((await _a.Api.PublishBatchAsync((JsonArray)items.DeepClone())).IsSuccess);
                return _sink.Spans.Any(span => span.Name == "deliver" && span.Links.Count > 0);
            },
            "a delivery that is linked to another",
            context: Seen);

        var linked = _sink.Spans.First(span => span.Name == "deliver" && span.Links.Count > 0);
        Assert.InRange(int.Parse(linked.Attributes["messaging.batch.message_count"], CultureInfo.InvariantCulture), linked.Links.Count + 1, 50);
        Assert.DoesNotContain((linked.TraceId, linked.ParentId), linked.Links);
        await Eventually.TrueAsync(
            () => linked.Links.All(link => _sink.Spans.Any(span => span.Name == "backplane publish" && (span.TraceId, span.SpanId) == link)), "the publishes that the links name", context: Seen);
    }

    [Fact]
    public async Task SamplerOfTheEnvironment_DecidesInstead()
    {
        await StartAsync("always_off", ("Fanout:Telemetry:TraceRatio", "1"));
        await using var client = await _a.JoinAsync("history");

        await client.RequestAsync(Publish("history", null), "published");
        await client.RequestAsync(Publish("history", $"00-{NewTraceId()}-{ParentSpan}-01"), "published");
        await client.ExpectTypeAsync("message", "history");
        _a.Process.Terminate();
        Assert.Equal(0, await _a.Process.WaitForExitAsync()); // It exports what it has left.

        Assert.Empty(_sink.Spans);
    }

    [Fact]
    public async Task ClientThatAsksForTooManyTraces_GetsItsMessagesThrough_Untraced()
    {
        await StartAsync(("Fanout:Telemetry:ClientTracesPerSecond", "1"));
        await using var client = await _a.JoinAsync("history");

        for (var i = 0; i < 100; i++)
            await client.SendAsync(Publish("history", $"00-{NewTraceId()}-{ParentSpan}-01"));
        for (var i = 0; i < 100; i++)
            await client.ExpectTypeAsync("message", "history");

        using var http = new HttpClient();
        var metrics = await http.GetStringAsync(new Uri(_a.Process.AdminUri, "/metrics"), TestContext.Current.CancellationToken);
        Assert.Matches("""fanout_limited_total\{[^}]*limit="client_traces"\} [1-9]""", metrics);
    }

    [Fact]
    public async Task Logs_GoToTheSamePlace_WithTheirFields()
    {
        await StartAsync();

        await Eventually.TrueAsync(() => _sink.Logs.Where(log => log.EventName == "BackplaneHealthy").DistinctBy(log => log.Node).Count() == 2, "a line of each node", context: Seen);

        var line = _sink.Logs.First(log => log.EventName == "RedisConnected");
        Assert.Equal("Information", line.Severity);
        Assert.StartsWith("Connected to Redis at ", line.Body, StringComparison.Ordinal);
        Assert.Contains("EndPoints", line.Attributes.Keys);
    }

    private Task StartAsync(params (string Name, string? Value)[] settings) => StartAsync(null, settings);

    private async Task StartAsync(string? sampler, params (string Name, string? Value)[] settings)
    {
        var environment = _sink.NodeEnvironment();
        if (sampler is not null)
            environment["OTEL_TRACES_SAMPLER"] = sampler;
        var options = (new NodeOptions { Environment = environment })
            .WithRedis(_scope.ConnectionString, _scope.Prefix)
            .With([("Fanout:Rooms:0:Pattern", "plain"), ("Fanout:Rooms:0:HistorySize", "0"), ("Fanout:Limits:MessagesPerSecond", "0"), .. settings]);
        var nodes = await Task.WhenAll(
            RunningNode.StartAsync(options.With(("Fanout:Node:Name", "a"))), RunningNode.StartAsync(options.With(("Fanout:Node:Name", "b"))));
        (_a, _b) = (nodes[0], nodes[1]);
    }

    private async Task<JsonObject> PublishByHttpAsync(string room, string trace, string flags = "01")
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_a.BaseUri, $"/api/v1/rooms/{room}/messages"))
        {
            Content = new StringContent("{\"n\":1}", Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
        };
        request.Headers.Add("X-Api-Key", NodeOptions.ApiKey);
        request.Headers.Add("traceparent", $"00-{trace}-{ParentSpan}-{flags}");
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken).WithDeadline("the answer to a publish");
        response.EnsureSuccessStatusCode();
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!.AsObject();
    }

    private async Task<IReadOnlyList<OtlpSpan>> SpansAsync(string trace, int count)
    {
        await Eventually.TrueAsync(() => _sink.Spans.Count(span => span.TraceId == trace) >= count, $"{count} spans of trace {trace}", context: Seen);
        var spans = _sink.Spans.Where(span => span.TraceId == trace).ToList();
        Assert.Equal(count, spans.Count);
        return spans;
    }

    private static OtlpSpan Single(IEnumerable<OtlpSpan> spans, string name) => spans.Single(span => span.Name == name);

    private string Seen() => string.Join('\n', _sink.Spans.Select(span => span.ToString()).Concat(_sink.Logs.Select(log => log.Body)));

    private static string NewTraceId() => Guid.NewGuid().ToString("n");

    private static JsonObject Request(string method, string? traceParent)
    {
        var message = new JsonObject { ["type"] = "request", ["method"] = method };
        if (traceParent is not null)
            message["traceparent"] = traceParent;
        return message;
    }

    private static JsonObject Publish(string room, string? traceParent)
    {
        var message = new JsonObject { ["type"] = "publish", ["room"] = room, ["payload"] = new JsonObject { ["n"] = 1 } };
        if (traceParent is not null)
            message["traceparent"] = traceParent;
        return message;
    }
}
