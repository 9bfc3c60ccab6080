using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Xunit;

namespace Fanout.Tests.Integration.Access;

/// <summary>What a token's claim <c>fanout</c> allows, and a refresh of it.</summary>
public sealed class GrantTests(TokenNode tokens) : IClassFixture<TokenNode>
{
    private const string Granted = "granted";

    [Theory]
    [InlineData("join", "chat.1", Granted)]
    [InlineData("join", "news.1", "forbidden")]
    [InlineData("join", "chat", "forbidden")]
    [InlineData("publish", "chat.42", Granted)]
    [InlineData("publish", "chat.43", "forbidden")]
    [InlineData("presence", "chat.1", "forbidden")]
    [InlineData("presence", "$user.ann", Granted)]
    public async Task Claim_AllowsWhatItsPatternsName(string type, string room, string expected)
    {
        await using var client = await ConnectAsync(new { join = new[] { "chat.*" }, publish = new[] { "chat.42" } });

        var answer = await client.RequestAsync(new { type, room, payload = new { } });

        Assert.Equal(expected, answer.Text("type") == "error" ? answer.Payload().Text("code") : Granted);
    }

    [Theory]
    [InlineData("join")]
    [InlineData("publish")]
    [InlineData("presence")]
    public async Task Token_WithoutTheClaim_AllowsNothing(string type)
    {
        await using var client = await ConnectAsync(grants: null);

        Assert.Equal("forbidden", (await client.RequestErrorAsync(new { type, room = "room", payload = new { } })).Text("code"));
    }

    [Fact]
    public async Task Connect_WithARoomThatIsNotGranted_GetsAnErrorForIt()
    {
        await using var client = await tokens.Node.ConnectAsync(
            new TestClientOptions { Token = Tokens.For("ann", new { join = new[] { "chat.*" } }), Rooms = "news.1,chat.1" });

        await client.ExpectTypeAsync("joined", "chat.1");
        Assert.Equal("forbidden", (await client.ExpectTypeAsync("error", "news.1")).Payload().Text("code"));
    }

    [Theory]
    [MemberData(nameof(Formats.Both), MemberType = typeof(Formats))]
    public async Task Refresh_WithOtherGrants_LeavesRoomsThatTheyDoNotName(string subprotocol)
    {
        var (kept, lost) = (Rooms.New("kept"), Rooms.New("lost"));
        await using var client = await ConnectAsync(new { join = new[] { "kept-*", "lost-*" } }, subprotocol);
        await client.JoinAsync(kept);
        await client.JoinAsync(lost);

        var answer = await client.RefreshAsync(Tokens.For("ann", new { join = new[] { "kept-*" } }, TimeSpan.FromHours(1)));

        Assert.Equal([lost], answer.Payload()["left"]!.AsArray().Select(room => (string)room!));
        Assert.NotNull(answer.Payload().Integer("expiresAt"));
        var notice = await client.ExpectTypeAsync("left", lost);
        Assert.False(notice.ContainsKey("id"));
        Assert.NotEmpty(notice.Payload().Text("reason")!);
        Assert.Equal("forbidden", (await client.RequestErrorAsync(new { type = "join", room = lost })).Text("code"));

        await tokens.Node.Api.PublishAsync(lost, "gone");
        await tokens.Node.Api.PublishAsync(kept, "still here");
        await client.WaitForMessagesAsync(kept, 1);
        Assert.Empty(client.Messages(lost));
        Assert.Equal(0, (await tokens.Node.Api.RoomAsync(lost)).Ok.Integer("members"));
    }

    // Joins and the refresh run side by side on the node: whichever comes first, nobody stays in a room that the new token does not name.
    [Fact]
    public async Task Refresh_BesideJoins_LeavesNobodyInARoomThatIsNotGranted()
    {
        await using var client = await ConnectAsync(new { join = new[] { "*" } });
        var rooms = Enumerable.Range(0, 50).Select(_ => Rooms.New("lost")).ToList();

        var joins = rooms.Select(room => client.RequestAsync(new { type = "join", room })).ToList();
        var refresh = client.RefreshAsync(Tokens.For("ann", new { join = new[] { "kept-*" } }, TimeSpan.FromHours(1)));
        await Task.WhenAll([.. joins, refresh]);

        foreach (var room in rooms)
            Assert.Equal("not_joined", (await client.RequestErrorAsync(new { type = "leave", room })).Text("code"));
    }

    [Fact]
    public async Task Refresh_WithMoreGrants_OpensRooms()
    {
        await using var client = await ConnectAsync(grants: null);
        var room = Rooms.New();

        await client.RefreshAsync(Tokens.For("ann", new { join = new[] { "*" } }));

        await client.JoinAsync(room);
    }

    // A refresh prolongs a connection; it never turns it into another user's.
    [Fact]
    public async Task Refresh_WithATokenThatIsNotTheirs_IsUnauthorized_AndChangesNothing()
    {
        await using var client = await ConnectAsync(new { join = new[] { "*" } });

        foreach (var token in new[] { Tokens.For("bob"), "rubbish", Tokens.For("ann", key: new string('k', 40)) })
        {
            var error = await client.RequestErrorAsync(new { type = "refresh", payload = new { token } });
            Assert.Equal("unauthorized", error.Text("code"));
        }

        await client.JoinAsync(Rooms.New());
    }

    private Task<TestClient> ConnectAsync(object? grants, string subprotocol = TestClientOptions.Json) =>
        tokens.Node.ConnectAsync(new TestClientOptions { Subprotocol = subprotocol, Token = Tokens.For("ann", grants) });
}
