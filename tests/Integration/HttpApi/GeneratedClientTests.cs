using Fanout.Tests.Integration.Support;
using Fanout.Tests.Integration.Webhooks;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Xunit;

namespace Fanout.Tests.Integration.HttpApi;

/// <summary>Every call of the API by a generated client, against real nodes.</summary>
[Collection(TwoNodes.Name)]
public sealed class GeneratedClientTests(TwoNodes nodes)
{
    [Fact]
    public async Task Publish_AndPush_AndBatch_Arrive()
    {
        using var generated = await GeneratedClient.CreateAsync(nodes.First.BaseUri);
        var (room, user) = (Rooms.New(), Rooms.New("ann"));
        await using var member = await nodes.Second.JoinAsync(room);
        await using var client = await nodes.Second.ConnectUserAsync(user);

        var published = await generated.Api.PublishAsync(room, new { text = "hello" }, "key-1");
        var again = await generated.Api.PublishAsync(room, new { text = "hello" }, "key-1");
        var pushed = await generated.Api.PushAsync(user, "for you");
        var batch = Enumerable.ToArray<dynamic>((await generated.Api.PublishBatchAsync(generated.Batch(
            (room, null, 1), (null, user, 2), (null, Rooms.New("away"), 3), ("a room", null, 4)))).Results);

        Assert.Equal((1L, 1L, 0L), ((long)published.Offset, (long)published.Nodes, (long)again.Nodes));
        Assert.Equal((string)published.Id, (string)again.Id);
        Assert.True((bool)pushed.Online);
        Assert.Equal((2L, (bool?)true, (bool?)false), ((long)batch[0].Offset, (bool?)batch[1].Online, (bool?)batch[2].Online));
        Assert.Equal(("bad_room", 400), ((string)batch[3].Code, (int)batch[3].Status));
        var messages = await member.WaitForMessagesAsync(room, 2);
        Assert.Equal("""{"text":"hello"}""", messages[0]["payload"]!.ToJsonString());
        Assert.Equal(["\"for you\"", "2"], (await client.WaitForMessagesAsync($"$user.{user}", 2)).Select(message => message["payload"]!.ToJsonString()));
    }

    [Fact]
    public async Task Rooms_AndMembers_AndHistory_AreReadInPages()
    {
        using var generated = await GeneratedClient.CreateAsync(nodes.Second.BaseUri);
        var prefix = Rooms.New("pages");
        string[] rooms = [$"{prefix}.a", $"{prefix}.b", $"{prefix}.c"];
        await using var first = await nodes.First.ConnectAsync(new TestClientOptions { Rooms = string.Join(',', rooms) });
        await using var second = await nodes.Second.JoinAsync(rooms[0]);
        foreach (var room in rooms)
            await first.ExpectTypeAsync("joined", room);
        for (var i = 0; i < 3; i++)
            await generated.Api.PublishAsync(rooms[0], i);

        Assert.Equal(rooms, await ReadAllAsync(after => generated.Api.ListRoomsAsync(prefix, after, 2), item => (string)item.Room));
        Assert.Equal(
            new[] { first, second }.Select(client => client.ClientId).Order(StringComparer.Ordinal),
            await ReadAllAsync(after => generated.Api.ListMembersAsync(rooms[0], after, 1), item => (string)item.ClientId));
        Assert.Equal(["0", "1", "2"], await ReadAllAsync(after => generated.Api.ReadHistoryAsync(rooms[0], after, 1), item => (string)item.Payload.ToString()));
        var details = await generated.Api.GetRoomAsync(rooms[0]);
        Assert.Equal((2L, 3L), ((long)details.Members, (long)details.Offset));
    }

    [Fact]
    public async Task Users_AndNodes_AndDisconnects_Work()
    {
        using var generated = await GeneratedClient.CreateAsync(nodes.First.BaseUri);
        var user = Rooms.New("ann/ö");
        await using var client = await nodes.Second.ConnectAsync(new TestClientOptions { Token = Tokens.For(user) });
        await client.ExpectTypeAsync("joined");

        var there = await generated.Api.GetUserAsync(user);
        var connection = Enumerable.ToArray<dynamic>(there.Connections)[0];
        var closed = await generated.Api.DisconnectUserAsync(user);
        await generated.Api.LiftRevocationAsync(user);

        Assert.Equal((user, true), ((string)there.User, (bool)there.Online));
        Assert.Equal((client.ClientId, client.Node), ((string)connection.ClientId, (string)connection.Node));
        Assert.Equal((1, true), ((int)closed.Connections, (bool)closed.Complete));
        Assert.Equal(4503, (await client.WaitForCloseAsync()).Code);
        var gone = await Eventually.ValueAsync<object>(async () => await generated.Api.GetUserAsync(user), details => !((dynamic)details).Online, "an offline user");
        Assert.NotNull(((dynamic)gone).LastSeen);
        var names = new List<string>();
        foreach (var node in (await generated.Api.ListNodesAsync()).Items)
            names.Add((string)node.Name);
        Assert.Equal(["first", "second"], names);
    }

    [Fact]
    public async Task Connections_AreFoundAndClosed()
    {
        using var generated = await GeneratedClient.CreateAsync(nodes.First.BaseUri);
        var user = Rooms.New("ann");
        await using var client = await nodes.Second.ConnectUserAsync(user);

        var found = await generated.Api.GetConnectionAsync(client.ClientId);
        var closed = await generated.Api.DisconnectAsync(client.ClientId);

        Assert.Equal((client.ClientId, client.Node, user), ((string)found.ClientId, (string)found.Node, (string)found.UserId));
        Assert.InRange((DateTimeOffset)found.Since, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
        Assert.Equal((1, true), ((int)closed.Connections, (bool)closed.Complete));
        Assert.Equal(4503, (await client.WaitForCloseAsync()).Code);
    }

    [Fact]
    public async Task Webhooks_AreLookedAt_AndDeadLettersReplayed()
    {
        await using var rig = await WebhookRig.StartAsync(fixture: null, ("Fanout:Webhooks:0:MaxAttempts", "1"));
        using var generated = await GeneratedClient.CreateAsync(rig.First.BaseUri);
        var room = Rooms.New();
        rig.Receiver.Status = _ => 500;
        await using var client = await rig.First.JoinAsync(room);

        var dead = await Eventually.ValueAsync<object>(
            async () => Enumerable.ToArray<dynamic>((await generated.Api.ListDeadLettersAsync(null, 10)).Items), letters => ((dynamic[])letters).Length == 1, "a dead letter");
        var letter = ((dynamic[])dead)[0];
        var webhook = Enumerable.ToArray<dynamic>((await generated.Api.ListWebhooksAsync()).Items)[0];
        rig.Receiver.Status = _ => 200;
        var replayed = await generated.Api.ReplayDeadLettersAsync("all");

        Assert.Equal(("all", 1), ((string)letter.Endpoint, (int)letter.Attempts));
        Assert.Equal(("all", 1L), ((string)webhook.Name, (long)webhook.Dead));
        Assert.Equal(1, (int)replayed.Replayed);
        await rig.Receiver.WaitForAsync("room.occupied", room);
    }

    // Who adds a call to the document makes it with the generated client, too.
    [Fact]
    public async Task Client_HasNoOtherCallsThanThese()
    {
        using var generated = await GeneratedClient.CreateAsync(nodes.First.BaseUri);

        var calls = ((object)generated.Api).GetType().GetMethods().Where(method => method.Name.EndsWith("Async", StringComparison.Ordinal)).Select(method => method.Name).Distinct();

        Assert.Equal(
            [
                "DisconnectAsync", "DisconnectUserAsync", "GetConnectionAsync", "GetRoomAsync", "GetUserAsync", "LiftRevocationAsync", "ListDeadLettersAsync", "ListMembersAsync",
                "ListNodesAsync", "ListRoomsAsync", "ListWebhooksAsync", "PublishAsync", "PublishBatchAsync", "PushAsync", "ReadHistoryAsync", "ReplayDeadLettersAsync",
            ],
            calls.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Refusals_AreTypedProblems()
    {
        using var generated = await GeneratedClient.CreateAsync(nodes.First.BaseUri);
        var room = Rooms.New();
        await generated.Api.PublishAsync(room, 1, "k");

        await RefusedAsync(() => generated.Api.PublishAsync("a room", 1), 400, "bad_room");
        await RefusedAsync(() => generated.Api.PublishAsync("$ops", 1), 403, "forbidden");
        await RefusedAsync(() => generated.Api.PublishAsync(room, 2, "k"), 409, "conflict");
        await RefusedAsync(() => generated.Api.PublishAsync(room, new string('x', 1024 * 1024)), 413, "too_large");
        await RefusedAsync(() => generated.Api.ListRoomsAsync("x", null, 1001), 400, "bad_message");
        await RefusedAsync(() => generated.Api.DisconnectAsync("nobody"), 404, "not_found");

        static async Task RefusedAsync(Func<dynamic> call, int status, string code)
        {
            dynamic refusal = await Assert.ThrowsAnyAsync<Exception>(async () => await call());
            Assert.Equal((status, code), ((int)refusal.StatusCode, (string)refusal.Result.Code));
            Assert.Equal("urn:fanout:problem:" + code, (string)refusal.Result.Type);
        }
    }

    private static async Task<List<string>> ReadAllAsync(Func<string?, dynamic> page, Func<dynamic, string> read)
    {
        var all = new List<string>();
        string? after = null;
        do
        {
            var answer = await page(after);
            foreach (var item in answer.Items)
                all.Add(read(item));
            after = answer.Next;
        }
        while (after is not null);

        return all;
    }
}
