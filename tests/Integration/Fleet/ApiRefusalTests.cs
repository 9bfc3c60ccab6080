using System.Net;
using System.Text;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Api;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.Fleet;

/// <summary>What the HTTP API refuses, and how: problem details with a code.</summary>
public sealed class ApiRefusalTests(MemoryNode memory)
{
    private const string Problem = "application/problem+json";

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("wrong-key")]
    public async Task Call_WithoutAKnownKey_Is401(string? key)
    {
        using var api = new ApiClient(memory.Node.BaseUri, key);

        Refused(await api.RoomsAsync(), HttpStatusCode.Unauthorized, "unauthorized");
        Refused(await api.PublishAsync("room", 1), HttpStatusCode.Unauthorized, "unauthorized");
        Refused(await api.NodesAsync(), HttpStatusCode.Unauthorized, "unauthorized");
    }

    [Fact]
    public async Task Call_WithoutTheScope_Is403()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Fanout:Api:Keys:0:Scopes:0", "read"), ("Fanout:Api:Keys:0:Scopes:1", null), ("Fanout:Api:Keys:0:Scopes:2", null)));

        Refused(await node.Api.PublishAsync("room", 1), HttpStatusCode.Forbidden, "forbidden");
        Assert.True((await node.Api.RoomsAsync()).IsSuccess);
    }

    [Theory]
    [InlineData("a room")]
    [InlineData("room*")]
    [InlineData("ümlaut")]
    [InlineData("$")]
    public async Task Publish_ToAnIllegalRoom_Is400(string room) =>
        Refused(await memory.Node.Api.PublishAsync(room, 1), HttpStatusCode.BadRequest, "bad_room");

    [Fact]
    public async Task Publish_ToATooLongRoom_Is400() =>
        Refused(await memory.Node.Api.PublishAsync(new string('r', 129), 1), HttpStatusCode.BadRequest, "bad_room");

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("1 2")]
    [InlineData("nonsense")]
    [InlineData("1e999")]
    [InlineData("\"\\ud800\"")]
    public async Task Publish_OfWhatIsNoJson_Is400(string body) =>
        Refused(await memory.Node.Api.PublishRawAsync("room", body), HttpStatusCode.BadRequest, "bad_message");

    [Fact]
    public async Task Publish_OverTheSizeLimit_Is413_AndAtTheLimitIsTaken()
    {
        // Two quotation marks belong to the payload.
        Refused(await memory.Node.Api.PublishRawAsync("room", Text((1024 * 1024) - 1)), HttpStatusCode.RequestEntityTooLarge, "too_large");
        Assert.True((await memory.Node.Api.PublishRawAsync("room", Text((1024 * 1024) - 2))).IsSuccess);

        static string Text(int length) => $"\"{new string('x', length)}\"";
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1001")]
    [InlineData("abc")]
    [InlineData("")]
    [InlineData("99999999999")]
    public async Task Rooms_WithAWrongLimit_Is400(string limit) =>
        Refused(await memory.Node.Api.GetAsync($"/api/v1/rooms?limit={limit}"), HttpStatusCode.BadRequest, "bad_message");

    [Fact]
    public async Task Publish_WithAnExcludeThatIsNoClientId_Is400() =>
        Refused(await memory.Node.Api.PublishAsync("room", 1, exclude: new string('x', 65)), HttpStatusCode.BadRequest, "bad_message");

    [Theory]
    [InlineData("GET", "/api/v1/nothing", 404, "not_found")]
    [InlineData("GET", "/", 404, "not_found")]
    [InlineData("PUT", "/api/v1/rooms", 405, "bad_message")]
    [InlineData("GET", "/api/v1/rooms/room/messages", 405, "bad_message")]
    [InlineData("POST", "/ws", 405, "bad_message")]
    public async Task Request_ThatFitsNoEndpoint_HasAProblemToo(string method, string path, int status, string code) =>
        Refused(await memory.Node.Api.SendAsync(new HttpMethod(method), path), (HttpStatusCode)status, code);

    [Fact]
    public async Task Body_WhoseChunksAreRubbish_Is400()
    {
        await using var peer = await RawWebSocket.OpenAsync(memory.Node.BaseUri);
        await peer.SendAsync(Encoding.ASCII.GetBytes(
            $"POST /api/v1/rooms/room/messages HTTP/1.1\r\nHost: here\r\nX-Api-Key: {NodeOptions.ApiKey}\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"));

        Assert.Equal((400, Problem), Answer(await peer.ReadHandshakeAsync()));

        static (int Status, string? Type) Answer(HandshakeResponse answer) => (answer.Status, answer.Header("Content-Type"));
    }

    private static void Refused(ApiResponse response, HttpStatusCode status, string code)
    {
        Assert.Equal((status, Problem), (response.Status, response.ContentType));
        Assert.Equal((code, (int)status), ((string?)response.Body?["code"], (int?)response.Body?["status"]));
    }
}
