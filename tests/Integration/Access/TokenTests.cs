using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.Access;

/// <summary>Where a token may stand, and which tokens are taken.</summary>
public sealed class TokenTests(TokenNode tokens) : IClassFixture<TokenNode>
{
    [Theory]
    [InlineData(TokenPlace.Header, TestClientOptions.Json)]
    [InlineData(TokenPlace.Subprotocol, TestClientOptions.Json)]
    [InlineData(TokenPlace.Query, TestClientOptions.Json)]
    [InlineData(TokenPlace.Subprotocol, TestClientOptions.Msgpack)]
    public async Task Token_InEachOfItsPlaces_SaysWhoItIs_AndIsNeverEchoed(TokenPlace place, string subprotocol)
    {
        // The client itself checks that exactly the offered fanout.v1 protocol comes back.
        await using var client = await tokens.Node.ConnectAsync(
            new TestClientOptions { Subprotocol = subprotocol, Token = Tokens.For("ann"), TokenIn = place });

        Assert.Equal("ann", client.UserId);
        Assert.DoesNotContain(client.Socket.Handshake!.Headers, header => header.Value.Contains("fanout.bearer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Token_InTheHeader_WinsOverThoseElsewhere()
    {
        await using var client = await tokens.Node.ConnectAsync(
            new TestClientOptions { Token = Tokens.For("ann"), Query = "access_token=" + Tokens.For("bob") });

        Assert.Equal("ann", client.UserId);
    }

    [Fact]
    public async Task Token_OfLimitedLife_IsToldToTheClient()
    {
        await using var client = await tokens.Node.ConnectAsync(
            new TestClientOptions { Token = Tokens.For("ann", expiresIn: TimeSpan.FromHours(1)) });

        var expiresAt = DateTimeOffset.FromUnixTimeMilliseconds(client.Connected.Payload().Integer("expiresAt")!.Value);
        Assert.InRange(expiresAt, DateTimeOffset.UtcNow.AddMinutes(50), DateTimeOffset.UtcNow.AddMinutes(70));
    }

    public static TheoryData<string, string?> BadTokens => new()
    {
        { "none at all", null },
        { "rubbish", "rubbish" },
        { "of another key", Tokens.For("ann", key: "another key for signing, of 32 bytes and more") },
        { "expired", Tokens.For("ann", expiresIn: TimeSpan.FromHours(-1)) },
        { "without a signature", Tokens.For("ann", algorithm: "none") },
        { "of another algorithm", Tokens.For("ann", algorithm: "HS512") },
        { "without a subject", Tokens.For(null) },
        { "of a subject too long for a room", Tokens.For(new string('u', 200)) },
        { "with grants that are no object", Tokens.For("ann", "everything") },
        { "with a grant that is no list", Tokens.For("ann", new { join = "chat.*" }) },
        { "with a pattern that is none", Tokens.For("ann", new { join = new[] { "a room" } }) },
    };

    [Theory]
    [MemberData(nameof(BadTokens))]
    public async Task Handshake_WithATokenThatIs_IsRefusedWith401(string what, string? token)
    {
        Assert.NotEmpty(what);
        var headers = new Dictionary<string, string>();
        if (token is not null)
            headers["Authorization"] = "Bearer " + token;

        await using var peer = await RawWebSocket.ConnectAsync(tokens.Node.BaseUri, headers: headers);

        Assert.Equal((401, "Bearer"), (peer.Handshake!.Status, peer.Handshake.Header("WWW-Authenticate")));
        // Nothing logs a token, not even a bad one.
        Assert.DoesNotContain(tokens.Node.Process.Logs, line => token is { Length: > 20 } && line.Contains(token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task RoomLimit_LeavesTheUsersOwnRoomOut()
    {
        await using var client = await tokens.Node.ConnectAsync(
            new TestClientOptions { Token = Tokens.For("ann", new { join = new[] { "*" } }) });
        await client.ExpectTypeAsync("joined", "$user.ann");

        await client.JoinAsync("one");
        await client.JoinAsync("two");
        var error = await client.RequestErrorAsync(new { type = "join", room = "three" });
        await client.LeaveAsync("one");
        await client.JoinAsync("three");

        Assert.Equal("too_many_rooms", error.Text("code"));
    }
}
