using System.Text;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Api;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.HttpApi;

/// <summary>Bad input: each kind has a status and a problem whose type is stable, and harms nobody.</summary>
public sealed class RefusalTests(MemoryNode memory)
{
    public static TheoryData<string> PublishPaths => ["/api/v1/rooms/room/messages", "/api/v1/users/ann/messages", "/api/v1/messages"];

    [Theory]
    [MemberData(nameof(PublishPaths))]
    public async Task Publish_WithoutAKnownKey_Is401(string path)
    {
        foreach (var key in new[] { null, "", "wrong-key", new string('k', 5000) })
        {
            using var api = new ApiClient(memory.Node.BaseUri, key);
            (await api.SendAsync(HttpMethod.Post, path, "[]")).Refused(401, "unauthorized");
        }
    }

    [Theory]
    [InlineData("POST", "/api/v1/rooms/room/messages", "publish")]
    [InlineData("POST", "/api/v1/users/ann/messages", "publish")]
    [InlineData("POST", "/api/v1/messages", "publish")]
    [InlineData("GET", "/api/v1/users/ann", "read")]
    [InlineData("GET", "/api/v1/rooms", "read")]
    [InlineData("GET", "/api/v1/nodes", "read")]
    [InlineData("DELETE", "/api/v1/users/ann/connections", "admin")]
    public async Task Call_WithAKeyOfAnotherScope_Is403(string method, string path, string scope)
    {
        foreach (var other in new[] { "publish", "read", "admin" }.Where(other => other != scope))
        {
            using var api = new ApiClient(memory.Node.BaseUri, $"only-{other}-key");
            (await api.SendAsync(new HttpMethod(method), path, method == "POST" ? "1" : null)).Refused(403, "forbidden");
        }
    }

    [Theory]
    [MemberData(nameof(PublishPaths))]
    public async Task Publish_OfWhatIsNoJson_Is400(string path)
    {
        foreach (var body in new[] { "", " ", "{", "[1", "[1]]", "1 2", "nonsense", "{'a':1}", "[1,]", "// comment\n1", "\u0000", "\uFEFF1" })
            (await memory.Node.Api.SendAsync(HttpMethod.Post, path, body)).Refused(400, "bad_message");
    }

    [Theory]
    [MemberData(nameof(PublishPaths))]
    public async Task Publish_OfBadUtf8_Is400(string path) =>
        (await memory.Node.Api.PostBytesAsync(path, [(byte)'"', 0xFF, (byte)'"'])).Refused(400, "bad_message");

    [Theory]
    [MemberData(nameof(PublishPaths))]
    public async Task Publish_ThatNestsWithoutEnd_Is400(string path)
    {
        (await memory.Node.Api.SendAsync(HttpMethod.Post, path, new string('[', 100_000))).Refused(400, "bad_message");
        (await memory.Node.Api.SendAsync(HttpMethod.Post, path, new string('[', 1100) + new string(']', 1100))).Refused(400, "bad_message");
    }

    [Theory]
    [InlineData("text/xml")]
    [InlineData("text/plain")]
    [InlineData("application/msgpack")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/json; charset=iso-8859-1")]
    [InlineData("nonsense")]
    public async Task Publish_OfAnotherContentType_Is415(string type)
    {
        foreach (var path in PublishPaths)
            (await memory.Node.Api.PostBytesAsync(path, "1"u8.ToArray(), type)).Refused(415, "bad_message");
    }

    // The last is what curl -d says.
    [Theory]
    [InlineData(null)]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/json;charset=\"UTF-8\"")]
    [InlineData("application/vnd.shop.order+json")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task Publish_OfAContentTypeThatMeansJson_IsTaken(string? type) =>
        Assert.True((await memory.Node.Api.PostBytesAsync("/api/v1/rooms/types/messages", "1"u8.ToArray(), type)).IsSuccess);

    [Fact]
    public async Task Publish_OfACompressedBody_Is415() =>
        (await memory.Node.Api.PostBytesAsync("/api/v1/rooms/room/messages", [0x1f, 0x8b], headers: [("Content-Encoding", "gzip")])).Refused(415, "bad_message");

    [Fact]
    public async Task Batch_ThatIsNoArray_Is400()
    {
        foreach (var body in new[] { "{}", "null", "7", "\"a\"", """{"messages":[]}""" })
            (await memory.Node.Api.SendAsync(HttpMethod.Post, "/api/v1/messages", body)).Refused(400, "bad_message");
    }

    [Fact]
    public async Task Batch_OfNone_Is400() => (await memory.Node.Api.SendAsync(HttpMethod.Post, "/api/v1/messages", "[]")).Refused(400, "bad_message");

    // As a whole: nothing of it is published.
    [Fact]
    public async Task Batch_OfAThousandAndOne_Is413_AndPublishesNothing()
    {
        var room = Rooms.New();
        var item = $$"""{"room":"{{room}}","payload":1}""";

        (await memory.Node.Api.SendAsync(HttpMethod.Post, "/api/v1/messages", $"[{string.Join(',', Enumerable.Repeat(item, 1001))}]")).Refused(413, "too_large");

        Assert.Empty((await memory.Node.Api.HistoryAsync(room)).Ok["items"]!.AsArray());
    }

    [Fact]
    public async Task Batch_ThatBreaksOff_Is400_AndPublishesNothing()
    {
        var room = Rooms.New();

        (await memory.Node.Api.SendAsync(HttpMethod.Post, "/api/v1/messages", $$"""[{"room":"{{room}}","payload":1},{"room":""")).Refused(400, "bad_message");

        Assert.Empty((await memory.Node.Api.HistoryAsync(room)).Ok["items"]!.AsArray());
    }

    [Fact]
    public async Task Body_OverTheLimit_Is413_WithALengthAndWithout()
    {
        var (message, batch) = (new byte[(1024 * 1024) + 1], new byte[(16 * 1024 * 1024) + 1]);
        Array.Fill(message, (byte)' ');
        Array.Fill(batch, (byte)' ');
        foreach (var chunked in new[] { false, true })
        {
            (await memory.Node.Api.PostBytesAsync("/api/v1/rooms/room/messages", message, chunked: chunked)).Refused(413, "too_large");
            (await memory.Node.Api.PostBytesAsync("/api/v1/users/ann/messages", message, chunked: chunked)).Refused(413, "too_large");
            (await memory.Node.Api.PostBytesAsync("/api/v1/messages", batch, chunked: chunked)).Refused(413, "too_large");
        }
    }

    [Fact]
    public async Task Body_WithoutALength_IsTaken() =>
        Assert.True((await memory.Node.Api.PostBytesAsync("/api/v1/rooms/chunked/messages", "{\"a\":1}"u8.ToArray(), chunked: true)).IsSuccess);

    [Theory]
    [InlineData("$ops", 403, "forbidden")]
    [InlineData("$system.x", 403, "forbidden")]
    [InlineData("$user.", 400, "bad_room")]
    [InlineData("$user.=41", 400, "bad_room")]
    [InlineData("$user.a=2", 400, "bad_room")]
    [InlineData("$user.a=zz", 400, "bad_room")]
    [InlineData("$user.=c3=bc", 400, "bad_room")]
    [InlineData("$", 400, "bad_room")]
    [InlineData("a/b", 400, "bad_room")]
    [InlineData(" ", 400, "bad_room")]
    [InlineData("\u0007", 400, "bad_room")]
    public async Task Publish_ToARoomThatIsNotOpenToIt_IsRefused(string room, int status, string code) =>
        (await memory.Node.Api.PublishAsync(room, 1)).Refused(status, code);

    // On a node of its own: the others' peers count what they get.
    [Fact]
    public async Task Publish_ToAll_IsTaken()
    {
        await using var node = await RunningNode.StartAsync();

        Assert.True((await node.Api.PublishAsync("$all", 1)).IsSuccess);
    }

    [Theory]
    [InlineData("$user.ann")]
    [InlineData("$user.a=20b=3D")]
    public async Task Publish_ToTheServiceRoomsThatAreOpen_IsTaken(string room) => Assert.True((await memory.Node.Api.PublishAsync(room, 1)).IsSuccess);

    [Fact]
    public async Task Key_UsedAgainWithAnotherPayload_Is409()
    {
        var room = Rooms.New();
        Assert.True((await memory.Node.Api.PublishAsync(room, 1, "k")).IsSuccess);

        (await memory.Node.Api.PublishAsync(room, 2, "k")).Refused(409, "conflict");
    }

    [Theory]
    [InlineData("Idempotency-Key", "")]
    [InlineData("Fanout-Exclude", "ümlaut")]
    public async Task Header_WithAWrongValue_Is400(string name, string value) =>
        (await memory.Node.Api.PostBytesAsync("/api/v1/rooms/room/messages", "1"u8.ToArray(), headers: [(name, value)])).Refused(400, "bad_message");

    [Fact]
    public async Task Header_ThatIsTooLong_Is400()
    {
        (await memory.Node.Api.PublishAsync("room", 1, new string('k', 129))).Refused(400, "bad_message");
        (await memory.Node.Api.PublishAsync("room", 1, exclude: new string('x', 65))).Refused(400, "bad_message");
    }

    [Theory]
    [InlineData("Idempotency-Key: a\r\nIdempotency-Key: b")]
    [InlineData("Idempotency-Key: a\u0001b")]
    [InlineData("Fanout-Exclude: a\u0000b")]
    [InlineData("X-Api-Key : spaced")]
    public async Task Header_ThatStandsTwiceOrHasControlCharacters_Is400(string header)
    {
        await using var peer = await RawWebSocket.OpenAsync(memory.Node.BaseUri);
        await peer.SendAsync(Encoding.Latin1.GetBytes(
            $"POST /api/v1/rooms/room/messages HTTP/1.1\r\nHost: here\r\nX-Api-Key: {NodeOptions.ApiKey}\r\n{header}\r\nContent-Length: 1\r\n\r\n1"));

        Assert.Equal(400, (await peer.ReadHandshakeAsync()).Status);
    }

    // No client library sends such a target.
    [Theory]
    [InlineData("GET", "/api/v1/users/%zz")]
    [InlineData("GET", "/api/v1/users/a%2")]
    [InlineData("POST", "/api/v1/rooms/%E9/messages")]
    [InlineData("GET", "/api/v1/users/a%00b")]
    public async Task Path_WithAWrongEscape_Is400(string method, string path)
    {
        await using var peer = await RawWebSocket.OpenAsync(memory.Node.BaseUri);
        await peer.SendAsync(Encoding.ASCII.GetBytes($"{method} {path} HTTP/1.1\r\nHost: here\r\nX-Api-Key: {NodeOptions.ApiKey}\r\nContent-Length: 0\r\n\r\n"));

        Assert.Equal(400, (await peer.ReadHandshakeAsync()).Status);
    }

    // A body that never ends is given up after some seconds without data, and the caller is told.
    [Theory]
    [InlineData("/api/v1/rooms/room/messages")]
    [InlineData("/api/v1/messages")]
    public async Task Body_ThatNeverEnds_Is408(string path)
    {
        await using var peer = await RawWebSocket.OpenAsync(memory.Node.BaseUri);
        await peer.SendAsync(Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: here\r\nX-Api-Key: {NodeOptions.ApiKey}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n"));

        var answer = await peer.ReadHandshakeAsync().WithDeadline("the node's patience to end");

        Assert.Equal((408, "application/problem+json", "timeout"), (answer.Status, answer.Header("Content-Type"), (string?)answer.Json?["code"]));
    }

    [Theory]
    [InlineData("/api/v1/rooms?limit=0")]
    [InlineData("/api/v1/rooms?limit=1001")]
    [InlineData("/api/v1/rooms?limit=1&limit=2")]
    [InlineData("/api/v1/rooms/room/members?limit=x")]
    [InlineData("/api/v1/rooms/room/history?limit=-1")]
    [InlineData("/api/v1/rooms/room/history?after=nonsense")]
    [InlineData("/api/v1/rooms/room/history?after=a;-1")]
    [InlineData("/api/v1/rooms/room/history?after=a;99999999999999999999")]
    [InlineData("/api/v1/rooms/room/history?after=;1")]
    [InlineData("/api/v1/users/ann/connections?revokeFor=soon", "DELETE")]
    public async Task Query_ThatIsWrong_Is400(string path, string method = "GET") =>
        (await memory.Node.Api.SendAsync(new HttpMethod(method), path)).Refused(400, "bad_message");

    [Theory]
    [InlineData("GET", "/api/v1/messages", "POST")]
    [InlineData("PUT", "/api/v1/rooms/room/messages", "POST")]
    [InlineData("POST", "/api/v1/users/ann", "GET, HEAD")]
    [InlineData("OPTIONS", "/api/v1/rooms", "GET, HEAD")]
    [InlineData("PATCH", "/api/v1/connections/x", "DELETE, GET, HEAD")]
    public async Task Method_ThatAPathDoesNotTake_Is405_WithThoseThatItDoes(string method, string path, string allowed)
    {
        await using var peer = await RawWebSocket.OpenAsync(memory.Node.BaseUri);
        await peer.SendAsync(Encoding.ASCII.GetBytes($"{method} {path} HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n"));

        var answer = await peer.ReadHandshakeAsync();

        Assert.Equal((405, allowed), (answer.Status, answer.Header("Allow")));
    }

    [Theory]
    [InlineData("/api/v1/rooms")]
    [InlineData("/api/v1/nodes")]
    [InlineData("/api/v1/users/ann")]
    [InlineData("/openapi/v1.json")]
    public async Task Head_OfAReadingCall_IsTheAnswerWithoutItsBody(string path)
    {
        var answer = await memory.Node.Api.SendAsync(HttpMethod.Head, path);

        Assert.Equal((200, "", "application/json"), ((int)answer.Status, answer.Text, answer.ContentType));
    }

    // One publish alone is taken, however small the bound; what is more at that moment is told to come again. What has come of a body counts,
    // with a length and without; what is only announced does not, for it may come slowly.
    [Theory]
    [InlineData("/api/v1/rooms/room/messages", false)]
    [InlineData("/api/v1/rooms/room/messages", true)]
    [InlineData("/api/v1/messages", false)]
    [InlineData("/api/v1/messages", true)]
    public async Task Publish_WhileAsManyBytesAreUnderWayAsMayBe_Is429_WithRetryAfter(string path, bool chunked)
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Limits:MaxApiBytesInFlight", "100")));
        Assert.True((await node.Api.PublishRawAsync("other", "1")).IsSuccess);
        var (slow, answer, refused) = await HoldAsync(node, path, chunked ? null : 120).WithDeadline("a refusal", context: node.Process.LogTail);

        refused.Refused(429, "rate_limited");
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
        Assert.True((bool?)refused.Body!["retryable"]);
        Assert.True((await node.Api.PublishRawAsync("other", new string('1', 60))).IsSuccess);
        var rest = "[{\"room\":\"room\",\"payload\":1}]".PadRight(90);
        await slow.SendAsync(Encoding.ASCII.GetBytes(chunked ? $"5a\r\n{rest}\r\n0\r\n\r\n" : rest));
        Assert.Equal(200, (await answer).Status);
        await slow.DisposeAsync();
        Assert.True((await node.Api.PublishRawAsync("other", new string('1', 90))).IsSuccess);
    }

    // A body that says nothing of its length is refused as soon as it is more than the node takes, not when it ends.
    [Theory]
    [InlineData("/api/v1/rooms/room/messages")]
    [InlineData("/api/v1/messages")]
    public async Task Body_ThatGrowsOverWhatTheNodeTakes_Is429(string path)
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Limits:MaxApiBytesInFlight", "100")));
        var (first, firstAnswer, _) = await HoldAsync(node, path, null).WithDeadline("a refusal", context: node.Process.LogTail);
        await using var second = await BeginAsync(node, path, null, new string(' ', 30));

        await second.SendAsync(Encoding.ASCII.GetBytes($"32\r\n{new string(' ', 50)}\r\n"));

        var answer = await second.ReadHandshakeAsync();
        Assert.Equal((429, "1", "rate_limited"), (answer.Status, answer.Header("Retry-After"), (string?)answer.Json?["code"]));
        await first.SendAsync("1\r\n7\r\n0\r\n\r\n"u8.ToArray());
        Assert.NotEqual(429, (await firstAnswer).Status);
        await first.DisposeAsync();
        // Nothing is left of them.
        Assert.True((await node.Api.PublishRawAsync("other", new string('1', 90))).IsSuccess);
        await using var third = await BeginAsync(node, path, 200, "");
        await third.SendAsync(Encoding.ASCII.GetBytes("[{\"room\":\"room\",\"payload\":1}]".PadRight(200)));
        Assert.Equal(200, (await third.ReadHandshakeAsync()).Status);
    }

    // A body of which 30 bytes are there, and a publish that was refused for them. Its bytes are read some time after they were sent; where a publish
    // that asks for them is under way at that very moment, it is the body that has no room, and another one is begun.
    private static async Task<(RawWebSocket Slow, Task<HandshakeResponse> Answer, ApiResponse Refused)> HoldAsync(RunningNode node, string path, int? length)
    {
        while (true)
        {
            var slow = await BeginAsync(node, path, length, new string(' ', 30));
            var answer = slow.ReadHandshakeAsync();
            while (!answer.IsCompleted)
            {
                if (await node.Api.PublishRawAsync("other", new string('1', 90)) is { IsSuccess: false } refused)
                    return (slow, answer, refused);
            }

            await slow.DisposeAsync();
        }
    }

    /// <param name="length">Null: chunked.</param>
    private static async Task<RawWebSocket> BeginAsync(RunningNode node, string path, int? length, string body)
    {
        var peer = await RawWebSocket.OpenAsync(node.BaseUri);
        var (header, text) = length is null
            ? ("Transfer-Encoding: chunked", $"{body.Length:x}\r\n{body}\r\n")
            : ($"Content-Length: {length}", body);
        await peer.SendAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: here\r\nX-Api-Key: {NodeOptions.ApiKey}\r\n{header}\r\n\r\n{text}"));
        return peer;
    }
}
