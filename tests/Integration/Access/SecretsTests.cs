using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Api;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Fanout.Tests.TestKit.Sockets;
using Fanout.Tests.TestKit.Streams;
using Xunit;

namespace Fanout.Tests.Integration.Access;

/// <summary>
/// A whole run, every way in and every refusal, with logs at their most talkative: no token, key, password or payload is in what the node
/// writes, exports or answers.
/// </summary>
public sealed class SecretsTests
{
    private const string RedisPassword = "redis-secret-7c1f";
    private const string GoodApiKey = "api-secret-good-41b0";
    private const string WrongApiKey = "api-secret-wrong-9e2d";
    private const string Payload = "payload-secret-5aa3";

    private readonly List<string> _secrets = [Tokens.SigningKey, RedisPassword, GoodApiKey, WrongApiKey, Payload];
    private readonly List<string> _answers = [];

    [Fact]
    public async Task NothingSecret_IsLogged_Exported_OrAnswered()
    {
        await using var redis = await OwnRedis.StartAsync(new OwnRedisOptions { Arguments = ["--requirepass", RedisPassword] });
        await using var sink = await TelemetrySink.StartAsync();
        await using var node = await RunningNode.StartAsync(Options(redis, sink));

        await EveryWayInAsync(node);
        await EveryRefusalAsync(node);
        await RedisComesAndGoesAsync(redis, node);
        using (var scrape = new ApiClient(node.BaseUri, apiKey: null))
            _answers.Add((await scrape.GetAsync("/metrics")).Text);
        // The exporter sends what it has left when the node ends.
        node.Process.Terminate();
        Assert.Equal(0, await node.Process.WaitForExitAsync());

        Assert.True(node.Process.Logs.Count is > 100 and < 19_900, $"{node.Process.Logs.Count} lines: too few to prove anything, or the first were dropped");
        Assert.True(sink.Traces > 0, "no spans were exported");
        // They are looked for in what they must be found in, or the search itself would prove nothing.
        Assert.Contains(node.Process.Logs, line => line.Contains("/healthz/ready", StringComparison.Ordinal));
        Assert.Contains(sink.Bodies, body => body.Contains("/ws", StringComparison.Ordinal));
        foreach (var (where, text) in Written(node, sink))
        {
            foreach (var secret in _secrets)
                Assert.False(text.Contains(secret, StringComparison.Ordinal), $"'{secret}' stands in {where}: {text}");
        }
    }

    [Fact]
    public async Task WrongSettings_AreNamed_WithoutTheirSecrets()
    {
        var error = await Assert.ThrowsAsync<NodeStartException>(() => NodeProcess.StartAsync(new NodeOptions().With(
            ("Fanout:Auth:Jwt:SigningKey", "short-secret"),
            ("Fanout:Auth:Jwt:PublicKeyPem", "pem-secret"),
            ("Fanout:Api:Keys:1:Key", "tiny-1"),
            ("Fanout:Redis:ConnectionString", "127.0.0.1:1,password=redis-secret,nonsense=true"))));

        Assert.Contains("Fanout:Auth:Jwt:SigningKey", error.Logs, StringComparison.Ordinal);
        foreach (var secret in new[] { "short-secret", "pem-secret", "tiny-1", "redis-secret" })
            Assert.DoesNotContain(secret, error.Logs, StringComparison.Ordinal);
    }

    private static NodeOptions Options(OwnRedis redis, TelemetrySink sink) => new NodeOptions
    {
        Environment = new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = sink.Uri.ToString(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        },
    }.WithRedis($"{redis.ConnectionString},password={RedisPassword}").With(
        ("Fanout:Auth:AllowAnonymous", "false"),
        ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey),
        ("Fanout:Api:Keys:0:Key", GoodApiKey),
        ("Fanout:Api:Keys:1:Name", "reader"),
        ("Fanout:Api:Keys:1:Key", GoodApiKey + "-reader"),
        ("Fanout:Api:Keys:1:Scopes:0", "read"),
        ("Fanout:Telemetry:TraceRatio", "1"),
        ("Logging:LogLevel:Default", "Trace"),
        ("Logging:LogLevel:Microsoft", "Trace"),
        ("Logging:LogLevel:Microsoft.AspNetCore", "Trace"),
        ("Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Trace"),
        ("Logging:Console:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Trace"),
        // Kestrel's own dumps of the bytes on the wire are switched on in code only.
        ("Logging:LogLevel:Microsoft.AspNetCore.Server.Kestrel.BadRequests", "Trace"));

    private async Task EveryWayInAsync(RunningNode node)
    {
        foreach (var place in Enum.GetValues<TokenPlace>())
        {
            await using var client = await TestClient.ConnectAsync(node.BaseUri, new TestClientOptions { Token = Token("ann"), TokenIn = place });
            await client.JoinAsync("room");
            await client.PublishAsync("room", Payload, key: "key-1-" + place);
            await client.ExpectTypeAsync("message", "room");
            await client.RefreshAsync(Token("ann"));
            _answers.Add((await client.RequestErrorAsync(new { type = "refresh", payload = new { token = Token("bob") } })).ToJsonString());
            _answers.Add((await client.RequestErrorAsync(new { type = "publish", room = "forbidden", payload = Payload })).ToJsonString());
            await client.SendAsync(new { type = Payload, payload = Payload });
        }

        using var api = new ApiClient(node.BaseUri, GoodApiKey);
        foreach (var asked in new[] { new EventStreamOptions { Token = Token("ann"), Rooms = "room" }, new EventStreamOptions { Query = "rooms=room&access_token=" + Token("ann") } })
        {
            await using var stream = await node.StreamAsync(asked);
            await stream.ExpectAsync("joined", "room");
            Assert.True((await api.PublishAsync("room", Payload)).IsSuccess);
            await stream.ExpectAsync("message", "room");
        }

        // The ordinary endpoint, whose request ASP.NET sees.
        await using var second = await RawWebSocket.OpenAsync(node.BaseUri);
        await second.SendAsync("GET /healthz/ready HTTP/1.1\r\nHost: here\r\n\r\n"u8.ToArray());
        await second.ReadHandshakeAsync();
        var answer = await second.UpgradeAsync(new HandshakeRequest(node.BaseUri, $"/ws?access_token={Token("ann")}", [TestClientOptions.Json]));
        Assert.Equal(101, answer.Status);

        Assert.True((await api.PublishAsync("room", Payload, idempotencyKey: "key-2")).IsSuccess);
    }

    private async Task EveryRefusalAsync(RunningNode node)
    {
        var wrong = Secret(Tokens.For("ann", key: "another key, long enough for HS256 too"));
        var expired = Secret(Tokens.For("ann", expiresIn: TimeSpan.FromHours(-1)));
        var unreadable = Secret(Tokens.For("ann", grants: "no object"));
        var none = Secret(Tokens.For("ann", algorithm: "none"));
        foreach (var token in new[] { wrong, expired, unreadable, none, Secret("rubbish-secret-11"), Secret("a.rubbish-secret-12.c") })
        {
            await RefuseAsync(node, request => request.Set("Authorization", "Bearer " + token), "/ws", 401);
            await RefuseAsync(node, request => request.Set("Sec-WebSocket-Protocol", $"fanout.v1.json, fanout.bearer.{token}"), "/ws", 401);
            await RefuseAsync(node, request => request, "/ws?access_token=" + token, 401);
        }

        var good = Token("ann");
        // No upgrade; a line that is no HTTP; a header that is none; a path that is not ours; a query that cannot be decoded.
        await RefuseAsync(node, request => request.Set("Upgrade", null), "/ws?access_token=" + good, 426);
        await RefuseAsync(node, request => request, $"/ws?access_token={good} broken", 400);
        await RefuseAsync(node, request => request.Add($"{good} x", "y"), "/ws", 400);
        await RefuseAsync(node, request => request.Set("Host", $"{good}@:x"), "/ws?access_token=" + good, null);
        await RefuseAsync(node, request => request, "/elsewhere?access_token=" + good, 404);
        await RefuseAsync(node, request => request, $"/ws?access_token={good}%zz", 401);

        using var stranger = new ApiClient(node.BaseUri, WrongApiKey);
        _answers.Add((await stranger.PublishAsync("room", Payload)).Text);
        using var reader = new ApiClient(node.BaseUri, GoodApiKey + "-reader");
        _answers.Add((await reader.PublishAsync("room", Payload)).Text);
        using var api = new ApiClient(node.BaseUri, GoodApiKey);
        _answers.Add((await api.PublishRawAsync("room", $$"""{"unclosed": "{{Payload}}" """)).Text);
        _answers.Add((await api.PublishAsync("room", Payload + "2", idempotencyKey: "key-2")).Text);
    }

    private async Task RefuseAsync(RunningNode node, Func<HandshakeRequest, HandshakeRequest> change, string pathAndQuery, int? status)
    {
        await using var peer = await RawWebSocket.OpenAsync(node.BaseUri);
        var answer = await peer.UpgradeAsync(change(new HandshakeRequest(node.BaseUri, pathAndQuery)));
        if (status is { } wanted)
            Assert.Equal(wanted, answer.Status);
        _answers.Add(answer.ToString()!);
    }

    private static async Task RedisComesAndGoesAsync(OwnRedis redis, RunningNode node)
    {
        await redis.KillAsync();
        using (var api = new ApiClient(node.BaseUri, GoodApiKey))
            await Eventually.ValueAsync(() => api.PublishAsync("room", Payload), answer => !answer.IsSuccess, "a publish that is refused");
        await redis.StartAgainAsync();
        using (var api = new ApiClient(node.BaseUri, GoodApiKey))
            await Eventually.ValueAsync(() => api.PublishAsync("room", Payload), answer => answer.IsSuccess, "a publish that is taken", context: node.Process.LogTail);
    }

    private IEnumerable<(string Where, string Text)> Written(RunningNode node, TelemetrySink sink) =>
    [
        .. node.Process.Logs.Select(line => ("the log", line)),
        .. _answers.Select(answer => ("an answer", answer)),
        .. sink.Bodies.Select(body => ("the telemetry", body)),
    ];

    private string Token(string user) => Secret(Tokens.For(user, new { join = (string[])["room"], publish = (string[])["room"] }, TimeSpan.FromHours(1)));

    // A token's parts are as telling as the whole; the first says the algorithm and is the same in all.
    private string Secret(string token)
    {
        _secrets.AddRange(token.Split('.').Skip(1).Where(part => part.Length > 8).Append(token));
        return token;
    }
}
