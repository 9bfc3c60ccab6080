using System.Net;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Api;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Faults;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.Access;

/// <summary>An operator disconnects: by connection and by user, on whatever node they live, and for a time if asked.</summary>
public sealed class DisconnectTests(RedisFixture redis) : IAsyncLifetime
{
    private const int ByOperator = 4503;

    private RedisScope _scope = null!;
    private FaultProxy _link = null!;
    private RunningNode _first = null!;
    private RunningNode _second = null!;

    public async ValueTask InitializeAsync()
    {
        _scope = await redis.CreateScopeAsync();
        _link = FaultProxy.Start(_scope.ConnectionString);
        _first = await RunningNode.StartAsync(Options("first").WithRedis(_scope.ConnectionString, _scope.Prefix));
        // The second one reaches Redis by a link that can be cut.
        _second = await RunningNode.StartAsync(Options("second").WithRedis(_link.EndPoint, _scope.Prefix));
    }

    public async ValueTask DisposeAsync()
    {
        await _first.DisposeAsync();
        await _second.DisposeAsync();
        await _link.DisposeAsync();
        await _scope.DisposeAsync();
    }

    [Fact]
    public async Task Connection_OnAnotherNode_IsClosed_AndNoOther()
    {
        await using var wanted = await ConnectAsync(_second, "ann");
        await using var other = await ConnectAsync(_second, "ann");

        var answer = await _first.Api.DisconnectAsync(wanted.ClientId);

        Assert.Equal((HttpStatusCode.OK, 1, true), (answer.Status, (int)answer.Ok["connections"]!, (bool)answer.Ok["complete"]!));
        Assert.Equal(ByOperator, (await wanted.WaitForCloseAsync()).Code);
        await other.PingAsync();
        // Its token is as good as before.
        await using var again = await ConnectAsync(_first, "ann");
    }

    [Fact]
    public async Task Connection_ThatDoesNotExist_Is404()
    {
        var answer = await _first.Api.DisconnectAsync("nobody");

        Assert.Equal((HttpStatusCode.NotFound, "not_found"), (answer.Status, (string?)answer.Body?["code"]));
    }

    [Fact]
    public async Task User_IsDisconnectedEverywhere_AndMayComeBack()
    {
        await using var here = await ConnectAsync(_first, "ann");
        await using var there = await ConnectAsync(_second, "ann");
        await using var bob = await ConnectAsync(_second, "bob");

        Assert.Equal(2, (int)(await _first.Api.DisconnectUserAsync("ann")).Ok["connections"]!);

        Assert.Equal(ByOperator, (await here.WaitForCloseAsync()).Code);
        Assert.Equal(ByOperator, (await there.WaitForCloseAsync()).Code);
        await bob.PingAsync();
        await using var again = await ConnectAsync(_second, "ann");
        Assert.Equal(0, (int)(await _first.Api.DisconnectUserAsync("nobody")).Ok["connections"]!);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RevokedUser_StaysOutOfAllNodes_UntilItIsLifted(bool fastLane)
    {
        await using var there = await ConnectAsync(_second, "ann");

        Assert.Equal(1, (int)(await RevokeAsync(_first, "ann", "00:10:00")).Ok["connections"]!);

        Assert.Equal(ByOperator, (await there.WaitForCloseAsync()).Code);
        foreach (var node in new[] { _first, _second })
            Assert.Equal(403, (await UpgradeAsync(node, Tokens.For("ann"), fastLane)).Status);
        Assert.Equal(101, (await UpgradeAsync(_second, Tokens.For("bob"), fastLane)).Status);

        var lifted = await _second.Api.SendAsync(HttpMethod.Delete, "/api/v1/users/ann/revocation");
        Assert.Equal(HttpStatusCode.NoContent, lifted.Status);
        foreach (var node in new[] { _first, _second })
            Assert.Equal(101, (await UpgradeAsync(node, Tokens.For("ann"), fastLane)).Status);
    }

    [Fact]
    public async Task RevokedUser_StaysOutOfANodeThatStartsLater()
    {
        await RevokeAsync(_first, "ann", "00:10:00");

        await using var third = await RunningNode.StartAsync(Options("third").WithRedis(_scope.ConnectionString, _scope.Prefix));

        await Eventually.ValueAsync(async () => (await UpgradeAsync(third, Tokens.For("ann"), fastLane: true)).Status, status => status == 403, "the new node to know");
    }

    // An order is heard at most once: what a node missed while it was cut off, it reads when it is back.
    [Fact]
    public async Task RevokedUser_OnANodeThatWasCutOff_IsClosedWhenItIsBack()
    {
        await using var client = await ConnectAsync(_second, "ann");
        _link.RefuseNew();
        _link.Cut(reset: true);
        await client.ExpectTypeAsync("backplane");

        var answer = await RevokeAsync(_first, "ann", "00:10:00");
        Assert.Equal(0, (int)answer.Ok["connections"]!);
        await client.PingAsync();
        _link.Heal();

        Assert.Equal(ByOperator, (await client.WaitForCloseAsync()).Code);
    }

    [Fact]
    public async Task Orders_WithoutTheBackplane_AreRefused()
    {
        _link.RefuseNew();
        _link.Cut(reset: true);

        await Eventually.ValueAsync(
            () => RevokeAsync(_second, "ann", "00:10:00"),
            answer => (answer.Status, (string?)answer.Body?["code"]) == (HttpStatusCode.ServiceUnavailable, "backplane_unavailable"), "a refusal");
        _link.Heal();
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("-00:01:00")]
    [InlineData("60")]
    [InlineData("1.5")]
    [InlineData("400.00:00:00")]
    public async Task RevokeFor_ThatIsNoDuration_Is400(string duration) =>
        Assert.Equal(HttpStatusCode.BadRequest, (await RevokeAsync(_first, "ann", duration)).Status);

    [Fact]
    public async Task Orders_NeedTheScopeAdmin()
    {
        using var reader = new ApiClient(_first.BaseUri, "reader-key");

        Assert.Equal(HttpStatusCode.Forbidden, (await reader.DisconnectUserAsync("ann")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await reader.DisconnectAsync("id")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await reader.SendAsync(HttpMethod.Delete, "/api/v1/users/ann/revocation")).Status);
    }

    private static NodeOptions Options(string name) => new NodeOptions().With(
        ("Fanout:Node:Name", name),
        ("Fanout:Auth:AllowAnonymous", "false"),
        ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey),
        ("Fanout:Redis:CommandTimeout", "00:00:05"),
        ("Fanout:Health:ProbeInterval", "00:00:00.5"),
        // Long enough for a busy machine: an order that a node does not hear is not answered by it.
        ("Fanout:Health:ProbeTimeout", "00:00:03"),
        ("Fanout:Api:Keys:1:Name", "reader"),
        ("Fanout:Api:Keys:1:Key", "reader-key"),
        ("Fanout:Api:Keys:1:Scopes:0", "read"));

    private static Task<TestClient> ConnectAsync(RunningNode node, string user) => node.ConnectAsync(new TestClientOptions { Token = Tokens.For(user) });

    private static Task<ApiResponse> RevokeAsync(RunningNode node, string user, string duration) =>
        node.Api.SendAsync(HttpMethod.Delete, $"/api/v1/users/{user}/connections?revokeFor={duration}");

    private static async Task<HandshakeResponse> UpgradeAsync(RunningNode node, string token, bool fastLane)
    {
        await using var peer = await RawWebSocket.OpenAsync(node.BaseUri);
        if (!fastLane)
        {
            await peer.SendAsync("GET /healthz/live HTTP/1.1\r\nHost: here\r\n\r\n"u8.ToArray());
            await peer.ReadHandshakeAsync();
        }

        return await peer.UpgradeAsync(new HandshakeRequest(node.BaseUri, "/ws").Set("Authorization", "Bearer " + token));
    }
}
