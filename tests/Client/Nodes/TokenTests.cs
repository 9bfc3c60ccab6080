using Fanout.Client;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Nodes;
using Xunit;

namespace Fanout.Tests.Client.Nodes;

/// <summary>Against a node that lets nobody in without a token, and has presence in every room.</summary>
public sealed class TokenTests(TokenNode tokenNode) : IClassFixture<TokenNode>
{
    private static readonly string[] Everything = ["*"];
    private readonly NodeProcess _node = tokenNode.Node;

    [Fact]
    public async Task Members_AreALiveList()
    {
        await using var ann = await ConnectedAsync("ann");
        var lobby = ann.Room("lobby", new FanoutRoomOptions { Presence = true });
        var lists = new Collected<int>();
        lobby.MembersChanged += members => lists.Add(members.Count);
        await lobby.JoinAsync().WithDeadline("the room");
        await lists.CountAsync(1);
        await using (var bob = await ConnectedAsync("bob"))
        {
            await bob.Room("lobby").JoinAsync().WithDeadline("the room");
            await Eventually.TrueAsync(() => lobby.Members.Count == 2, "two members");
            var member = lobby.Members[bob.Connection!.ClientId];
            Assert.Equal(("bob", """{"name":"bob"}"""), (member.UserId, member.Info.ToString()));
        }

        await Eventually.TrueAsync(() => lobby.Members.Count == 1, "bob to be gone");
    }

    [Fact]
    public async Task User_IsReachedInItsOwnRoom()
    {
        await using var ann = await ConnectedAsync("ann@example");
        await using var backEnd = await ConnectedAsync("back");
        var got = new Collected<string>();
        var own = ann.UserRoom<string>();
        own.Subscribe(message => got.Add(message.Payload));
        // `connected` does not wait for the rooms: what is published before `joined` is in the history, and nobody asked for that.
        await Eventually.TrueAsync(() => own.State == FanoutRoomState.Joined, "ann to be in her room");
        await backEnd.Room<string>("$user.ann@example").PublishAsync("for you").WithDeadline("the acknowledgement");
        Assert.Equal("for you", (await got.CountAsync(1))[0]);
    }

    [Fact]
    public async Task OwnRoom_BeginsWithItsLastMessages()
    {
        using var api = new Fanout.Tests.TestKit.Api.ApiClient(_node.BaseUri);
        foreach (var text in new[] { "one", "two", "three" })
            await api.PublishAsync("$user.dora", System.Text.Json.Nodes.JsonValue.Create(text));
        await using var dora = new FanoutClient(RealClient.Quick with { Url = _node.BaseUri.ToString(), Token = Token("dora", 3_600) });
        var failures = new Collected<FanoutException>();
        dora.Failed += failures.Add;
        var got = new Collected<string>();
        dora.Room<string>("$user.dora", new FanoutRoomOptions { Last = 2 }).Subscribe(message => got.Add(message.Payload));
        await dora.ConnectAsync().WithDeadline("the connection");
        await got.CountAsync(2);
        await api.PublishAsync("$user.dora", System.Text.Json.Nodes.JsonValue.Create("four"));
        Assert.Equal(["two", "three", "four"], await got.CountAsync(3));
        Assert.Empty(failures.Items);
    }

    [Fact]
    public async Task NoToken_WhereOneIsNeeded_StopsTheClient()
    {
        await using var anonymous = new FanoutClient(RealClient.Quick with { Url = _node.BaseUri.ToString() });
        var error = await Assert.ThrowsAsync<FanoutException>(() => anonymous.ConnectAsync().WithDeadline("the refusal"));
        Assert.Equal(("unauthorized", System.Net.HttpStatusCode.Unauthorized), (error.Code, error.StatusCode));
    }

    [Fact]
    public async Task Token_ThatEnds_IsRefreshedOverTheSocket_AndNothingIsCut()
    {
        List<FanoutTokenReason> asked = [];
        await using var client = new FanoutClient(RealClient.Quick with
        {
            Url = _node.BaseUri.ToString(),
            TokenProvider = (request, _) =>
            {
                lock (asked)
                    asked.Add(request.Reason);
                return ValueTask.FromResult<string?>(Token("ann", seconds: 12));
            },
        });
        var lost = new Collected<FanoutDisconnect>();
        client.Disconnected += lost.Add;
        await client.ConnectAsync().WithDeadline("the connection");
        await Eventually.TrueAsync(() => Asked().Count(reason => reason == FanoutTokenReason.Expiring) >= 3, "three refreshes", TimeSpan.FromSeconds(90));
        await client.RefreshTokenAsync().WithDeadline("the refresh");
        Assert.Equal(FanoutTokenReason.Connect, Asked()[0]);
        Assert.Equal(FanoutTokenReason.Refresh, Asked()[^1]);
        Assert.Empty(lost.Items);

        FanoutTokenReason[] Asked()
        {
            lock (asked)
                return [.. asked];
        }
    }

    [Theory]
    [InlineData(FanoutFormat.Json)]
    [InlineData(FanoutFormat.MessagePack)]
    public async Task Token_ThatEnded_IsReplaced_AndNothingIsMissed(FanoutFormat format)
    {
        var room = $"t.{Guid.NewGuid():N}";
        await using var writer = await ConnectedAsync("writer");
        var renew = new TaskCompletionSource();
        await using var client = new FanoutClient(RealClient.Quick with
        {
            Url = _node.BaseUri.ToString(),
            Format = format,
            // No refresh succeeds, so that the node has to close.
            TokenProvider = async (request, cancelled) =>
            {
                if (request.Reason == FanoutTokenReason.Expiring)
                    await Task.Delay(Timeout.Infinite, cancelled);
                return Token("ann", renew.Task.IsCompleted ? 3_600 : 8);
            },
        });
        var got = new Collected<int>();
        var lost = new Collected<FanoutDisconnect>();
        var losses = new Collected<FanoutReset>();
        client.Disconnected += _ => renew.TrySetResult();
        client.Disconnected += lost.Add;
        client.Room<int>(room).Reset += losses.Add;
        client.Room<int>(room).Subscribe(message => got.Add(message.Payload));
        await client.ConnectAsync().WithDeadline("the connection");
        await client.Room<int>(room).JoinAsync().WithDeadline("the room");
        var publishing = PublishAsync();
        Assert.Equal(4002, (await lost.CountAsync(1))[0].CloseCode);
        var count = await publishing.WithDeadline("all acknowledgements");
        Assert.Equal(Enumerable.Range(0, count), await got.CountAsync(count));
        Assert.Empty(losses.Items);

        async Task<int> PublishAsync()
        {
            var n = 0;
            // Until it is back, and then some.
            while (lost.Items.Length == 0 || client.State != FanoutConnectionState.Connected)
                await writer.Room<int>(room).PublishAsync(n++);
            for (var more = 0; more < 10; more++)
                await writer.Room<int>(room).PublishAsync(n++);
            return n;
        }
    }

    [Fact]
    public async Task Room_ThatTheNewTokenDoesNotAllow_IsLeftAndTold()
    {
        string[] rooms = ["a", "b"];
        await using var client = new FanoutClient(RealClient.Quick with
        {
            Url = _node.BaseUri.ToString(),
            TokenProvider = (_, _) => ValueTask.FromResult<string?>(Token("ann", 3_600, rooms)),
        });
        await client.ConnectAsync().WithDeadline("the connection");
        var (a, b) = (client.Room("a"), client.Room("b"));
        var removed = new Collected<FanoutRemoved>();
        b.Removed += removed.Add;
        await a.JoinAsync().WithDeadline("the room");
        await b.JoinAsync().WithDeadline("the room");
        rooms = ["a"];
        await client.RefreshTokenAsync().WithDeadline("the refresh");
        Assert.Equal("b", (await removed.CountAsync(1))[0].Room);
        Assert.Equal((FanoutRoomState.Joined, FanoutRoomState.Left), (a.State, b.State));
        Assert.Equal("forbidden", (await Assert.ThrowsAsync<FanoutException>(() => b.JoinAsync().WithDeadline("the refusal"))).Code);
    }

    [Fact]
    public async Task Token_ThatIsNoGood_StopsTheClient()
    {
        await using var client = new FanoutClient(RealClient.Quick with { Url = _node.BaseUri.ToString(), Token = "no.token.atall" });
        Assert.Equal("unauthorized", (await Assert.ThrowsAsync<FanoutException>(() => client.ConnectAsync().WithDeadline("the refusal"))).Code);
    }

    [Fact]
    public async Task Operator_ThatDisconnects_IsObeyed()
    {
        await using var client = await ConnectedAsync("mallory");
        var closed = new Collected<FanoutException>();
        client.Closed += closed.Add;
        using var api = new Fanout.Tests.TestKit.Api.ApiClient(_node.BaseUri);
        await api.DisconnectUserAsync("mallory");
        var error = (await closed.CountAsync(1))[0];
        Assert.Equal(("disconnected", 4503), (error.Code, error.CloseCode));
        Assert.Equal("closed", (await Assert.ThrowsAsync<FanoutException>(() => client.Room("a").JoinAsync())).Code);
    }

    private Task<FanoutClient> ConnectedAsync(string user) => RealClient.ConnectedAsync(_node, token: Token(user, 3_600));

    private static string Token(string user, int seconds, string[]? join = null) => Tokens.For(
        user, new { join = join ?? Everything, publish = new[] { "*", "$user.*" }, presence = Everything, info = new { name = user } }, TimeSpan.FromSeconds(seconds));
}
