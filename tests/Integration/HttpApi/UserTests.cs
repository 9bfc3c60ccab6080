using System.Text;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.HttpApi;

/// <summary>Pushes to users, and what the API tells of them (DESIGN.md 4), from either of two nodes.</summary>
[Collection(TwoNodes.Name)]
public sealed class UserTests(TwoNodes nodes, RedisFixture redis)
{
    [Fact]
    public async Task Push_ReachesAllConnectionsOfTheUser_AndTellsItsReach()
    {
        var user = Rooms.New("ann");
        await using var here = await nodes.First.ConnectUserAsync(user);
        await using var there = await nodes.Second.ConnectUserAsync(user);

        var answer = (await nodes.First.Api.PushAsync(user, "for you")).Ok;

        Assert.Equal((2, true), (answer.Integer("nodes"), answer.Flag("online")));
        foreach (var client in new[] { here, there })
        {
            var message = await client.ExpectTypeAsync("message", $"$user.{user}");
            Assert.Equal(("for you", answer.Text("id"), answer.Integer("offset")), (message.Text("payload"), message.Text("id"), message.Integer("offset")));
        }
    }

    // The back end falls back to e-mail then.
    [Fact]
    public async Task Push_ToAUserThatIsNotThere_IsStored_AndSaysSo()
    {
        var user = Rooms.New("away");

        var answer = (await nodes.First.Api.PushAsync(user, "for later")).Ok;

        Assert.Equal((0, false, 1), (answer.Integer("nodes"), answer.Flag("online"), answer.Integer("offset")));
        Assert.Equal("for later", (await nodes.Second.Api.HistoryAsync($"$user.{user}")).Ok["items"]!.AsArray().Single()!.AsObject().Text("payload"));
    }

    [Fact]
    public async Task Push_RepeatedUnderItsKey_IsDeliveredOnce_AndTellsWhetherTheUserIsThereNow()
    {
        var user = Rooms.New("ann");
        var first = (await nodes.First.Api.PushAsync(user, "once", "key-1")).Ok;
        await using var client = await nodes.Second.ConnectUserAsync(user);

        var again = (await nodes.Second.Api.PushAsync(user, "once", "key-1")).Ok;
        await nodes.First.Api.PushAsync(user, "fence");

        Assert.Equal((first.Text("id"), 0, true), (again.Text("id"), again.Integer("nodes"), again.Flag("online")));
        Assert.Equal("fence", (await client.ExpectTypeAsync("message")).Text("payload"));
    }

    // Where users' rooms keep nothing, a push is told its reach all the same, and happens once under its key.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Push_WhereNothingIsKept_TellsItsReach_AndHappensOnceUnderItsKey(bool isFleet)
    {
        await using var scope = await redis.CreateScopeAsync();
        var options = new NodeOptions().With(
            ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey), ("Fanout:Rooms:0:Pattern", "$user.*"), ("Fanout:Rooms:0:HistorySize", "0"));
        await using var node = await RunningNode.StartAsync(isFleet ? options.WithRedis(scope.ConnectionString, scope.Prefix) : options);

        var away = (await node.Api.PushAsync("ann", "lost")).Ok;
        await using var client = await node.ConnectUserAsync("ann");
        var there = (await node.Api.PushAsync("ann", "heard")).Ok;
        var first = (await node.Api.PushAsync("ann", "once", "k")).Ok;
        var again = (await node.Api.PushAsync("ann", "once", "k")).Ok;
        (await node.Api.PushAsync("ann", "other", "k")).Refused(409, "conflict");
        await node.Api.PushAsync("ann", "fence");

        Assert.Equal((0, false), (away.Integer("nodes"), away.Flag("online")));
        Assert.Equal((1, true), (there.Integer("nodes"), there.Flag("online")));
        Assert.Equal((1, true), (first.Integer("nodes"), first.Flag("online")));
        Assert.Equal((first.Text("id"), 0, true), (again.Text("id"), again.Integer("nodes"), again.Flag("online")));
        Assert.All(new[] { away, there, first, again }, answer => Assert.False(answer.ContainsKey("offset") || answer.ContainsKey("epoch")));
        Assert.Equal(["heard", "once", "fence"], (await client.WaitForMessagesAsync("$user.ann", 3)).Select(message => message.Text("payload")));
    }

    [Fact]
    public async Task Push_WithAnExclude_LeavesThatConnectionOut()
    {
        var user = Rooms.New("ann");
        await using var sender = await nodes.First.ConnectUserAsync(user);
        await using var other = await nodes.Second.ConnectUserAsync(user);

        await nodes.Second.Api.PushAsync(user, "not for all", exclude: sender.ClientId);
        await nodes.Second.Api.PushAsync(user, "fence");

        Assert.Equal("not for all", (await other.ExpectTypeAsync("message")).Text("payload"));
        Assert.Equal("fence", (await sender.ExpectTypeAsync("message")).Text("payload"));
    }

    [Fact]
    public async Task User_OnBothNodes_IsShownWithItsConnections()
    {
        var user = Rooms.New("ann");
        var before = DateTimeOffset.UtcNow.AddSeconds(-5);
        await using var here = await nodes.First.ConnectUserAsync(user);
        await using var there = await nodes.Second.ConnectUserAsync(user);

        var answer = (await nodes.First.Api.UserAsync(user)).Ok;

        Assert.Equal((user, true), (answer.Text("user"), answer.Flag("online")));
        Assert.False(answer.ContainsKey("lastSeen"));
        var connections = answer["connections"]!.AsArray().Select(connection => connection!.AsObject()).ToDictionary(connection => connection.Text("clientId")!);
        Assert.Equal(2, connections.Count);
        foreach (var client in new[] { here, there })
        {
            Assert.Equal(client.Node, connections[client.ClientId].Text("node"));
            Assert.InRange((DateTimeOffset)connections[client.ClientId]["since"]!, before, DateTimeOffset.UtcNow.AddSeconds(5));
        }
    }

    [Fact]
    public async Task User_ThatNobodyEverHeardOf_IsOffline()
    {
        var user = Rooms.New("nobody");

        Assert.Equal($$"""{"user":"{{user}}","online":false,"connections":[]}""", (await nodes.First.Api.UserAsync(user)).Text);
    }

    [Fact]
    public async Task User_AfterItsLastConnection_WasLastSeenThen()
    {
        var user = Rooms.New("ann");
        await using var first = await nodes.First.ConnectUserAsync(user);
        await using var second = await nodes.Second.ConnectUserAsync(user);

        await first.CloseAsync();
        await Eventually.ValueAsync(
            async () => (await nodes.Second.Api.UserAsync(user)).Ok["connections"]!.AsArray().Count, count => count == 1, "one connection");
        Assert.False(await nodes.Redis.Database.KeyExistsAsync(nodes.Redis.RoomKey($"$user.{user}", "seen")));
        var closed = DateTimeOffset.UtcNow;
        await second.CloseAsync();

        var answer = await Eventually.ValueAsync(
            async () => (await nodes.First.Api.UserAsync(user)).Ok, details => details.Flag("online") == false, "an offline user");
        Assert.InRange((DateTimeOffset)answer["lastSeen"]!, closed.AddSeconds(-5), DateTimeOffset.UtcNow.AddSeconds(5));
        var ttl = await nodes.Redis.Database.KeyTimeToLiveAsync(nodes.Redis.RoomKey($"$user.{user}", "seen"));
        Assert.InRange(ttl!.Value, TimeSpan.FromDays(6.9), TimeSpan.FromDays(7));
    }

    // The users of a node that dies without a word were last seen when it was last heard of, not when somebody found out.
    [Fact]
    public async Task User_OfANodeThatWasKilled_WasLastSeenWithItsLastBeat()
    {
        await using var scope = await redis.CreateScopeAsync();
        var options = new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix)
            .With(("Fanout:Lease:Renew", "00:00:01"), ("Fanout:Lease:Expire", "00:00:06"), ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey));
        await using var survivor = await RunningNode.StartAsync(options.With(("Fanout:Node:Name", "survivor")));
        await using var victim = await RunningNode.StartAsync(options.With(("Fanout:Node:Name", "victim")));
        await using var lost = await victim.ConnectUserAsync("ann");
        var id = (string)(await survivor.Api.NodesAsync()).Ok["items"]!.AsArray().Single(node => (string?)node!["name"] == "victim")!["id"]!;

        await victim.Process.KillAsync();
        var lastBeat = DateTimeOffset.FromUnixTimeMilliseconds((long)(await scope.Database.SortedSetScoreAsync(scope.Key("nodes"), id))!.Value);

        var answer = await Eventually.ValueAsync(
            async () => (await survivor.Api.UserAsync("ann")).Ok, details => details.Flag("online") == false, "an offline user", context: survivor.Process.LogTail);
        Assert.Equal(lastBeat, (DateTimeOffset)answer["lastSeen"]!);
    }

    // A slash must be sent as %2F; a percent sign as %25, so that it is no escape.
    [Theory]
    [InlineData("a/b")]
    [InlineData("a%2Fb")]
    [InlineData("100%")]
    [InlineData("Jörg Müller")]
    [InlineData("日本 語")]
    [InlineData("a=b;c,d?e#f&g+h")]
    [InlineData("{\"quoted\"}")]
    [InlineData("\u0001\u007f")]
    public async Task User_WithAnyName_IsFoundByItsEncodedName(string name)
    {
        await using var client = await nodes.First.ConnectAsync(new TestClientOptions { Token = Tokens.For(name) });
        await client.ExpectTypeAsync("joined");

        Assert.Equal((name, true), ((await nodes.Second.Api.UserAsync(name)).Ok.Text("user"), (await nodes.Second.Api.UserAsync(name)).Ok.Flag("online")));
        Assert.True((await nodes.Second.Api.PushAsync(name, "found")).Ok.Flag("online"));
        Assert.Equal("found", (await client.ExpectTypeAsync("message")).Text("payload"));
        Assert.Equal(1, (await nodes.Second.Api.DisconnectUserAsync(name)).Ok.Integer("connections"));
    }

    // Dots in a path lead where they lead for everybody, whoever looks at the call.
    [Fact]
    public async Task User_BehindDots_IsTheOneThatThePathLeadsTo()
    {
        var (user, other) = (Rooms.New("ann"), Rooms.New("bob"));
        await using var client = await nodes.First.ConnectUserAsync(user);
        await using var bystander = await nodes.First.ConnectUserAsync(other);

        Assert.Equal(200, await StatusAsync("POST", $"/api/v1/users/{other}/../{user}/messages"));
        Assert.Equal("1", (await client.ExpectTypeAsync("message"))["payload"]!.ToJsonString());
        Assert.Equal(200, await StatusAsync("DELETE", $"/api/v1/users/{other}/%2e%2e/{user}/connections"));
        Assert.Equal(4503, (await client.WaitForCloseAsync()).Code);
        Assert.Empty(bystander.Messages($"$user.{other}"));
        await bystander.PingAsync();
        // Where it cannot be told which name was meant, none is guessed.
        Assert.Equal(400, await StatusAsync("DELETE", $"/api/v1/users/x/../{other}%2Fa/connections"));

        async Task<int> StatusAsync(string method, string target)
        {
            await using var peer = await RawWebSocket.OpenAsync(nodes.First.BaseUri);
            await peer.SendAsync(Encoding.ASCII.GetBytes($"{method} {target} HTTP/1.1\r\nHost: here\r\nX-Api-Key: {NodeOptions.ApiKey}\r\nContent-Length: 1\r\n\r\n1"));
            return (await peer.ReadHandshakeAsync()).Status;
        }
    }

    [Theory]
    [InlineData("/api/v1/users/%FF")]
    [InlineData("/api/v1/users/%C3")]
    public async Task User_WhoseNameIsNotEncodedUtf8_Is400(string path) =>
        (await nodes.First.Api.GetAsync(path)).Refused(400, "bad_message");

    [Fact]
    public async Task User_WithATooLongName_Is400() => (await nodes.First.Api.UserAsync(new string('u', 200))).Refused(400, "bad_message");
}
