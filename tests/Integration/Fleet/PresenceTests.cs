using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Xunit;

namespace Fanout.Tests.Integration.Fleet;

/// <summary>The command <c>presence</c>, over two nodes.</summary>
[Collection(TwoNodes.Name)]
public sealed class PresenceTests(TwoNodes nodes)
{
    private static readonly object Everything = new { join = new[] { "*" }, publish = new[] { "*" }, presence = new[] { "*" } };

    [Theory]
    [MemberData(nameof(Formats.Both), MemberType = typeof(Formats))]
    public async Task Presence_ListsTheMembersOfBothNodes_WithTheirUsers(string subprotocol)
    {
        var room = Rooms.New();
        await using var ann = await JoinAsAsync("ann", nodes.First, room, subprotocol);
        await using var annAgain = await JoinAsAsync("ann", nodes.Second, room, subprotocol);
        await using var anonymous = await nodes.Second.JoinAsync(room, subprotocol);

        var payload = (await anonymous.PresenceAsync(room)).Payload();

        Assert.Equal((3, 1), (payload.Integer("count"), payload.Integer("users")));
        var members = payload["members"]!.AsArray().Select(member => (member!.AsObject().Text("clientId"), member.AsObject().Text("userId")));
        Assert.Equal(
            new[] { (ann.ClientId, (string?)"ann"), (annAgain.ClientId, "ann"), (anonymous.ClientId, null) }.OrderBy(m => m.Item1, StringComparer.Ordinal),
            members.Select(m => (m.Item1!, m.Item2)));
        Assert.False(payload.ContainsKey("next"));
    }

    [Fact]
    public async Task Presence_OfTheCountAlone_HasNoMembers()
    {
        var room = Rooms.New();
        await using var first = await nodes.First.JoinAsync(room);
        await using var second = await nodes.Second.JoinAsync(room);

        var payload = (await first.PresenceAsync(room, count: true)).Payload();

        Assert.Equal((2, 0, false), (payload.Integer("count"), payload.Integer("users"), payload.ContainsKey("members")));
    }

    [Fact]
    public async Task Presence_InPages_ShowsEveryMemberOnce()
    {
        var room = Rooms.New();
        var clients = new List<TestClient>();
        for (var i = 0; i < 7; i++)
            clients.Add(await nodes[i % 2].JoinAsync(room));

        var seen = new List<string>();
        string? after = null;
        do
        {
            var page = (await clients[0].PresenceAsync(room, after: after, limit: 3)).Payload();
            var members = page["members"]!.AsArray();
            Assert.InRange(members.Count, 1, 3);
            seen.AddRange(members.Select(member => (string)member!["clientId"]!));
            after = page.Text("next");
        }
        while (after is not null);

        Assert.Equal(clients.Select(client => client.ClientId).Order(StringComparer.Ordinal), seen);
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    [Fact]
    public async Task Presence_OfAnEmptyRoom_IsZero()
    {
        await using var client = await nodes.First.ConnectAsync();

        var payload = (await client.PresenceAsync(Rooms.New())).Payload();

        Assert.Equal((0, 0), (payload.Integer("count"), payload.Integer("users")));
        Assert.Empty(payload["members"]!.AsArray());
    }

    [Fact]
    public async Task Presence_WithoutTheGrant_IsForbidden()
    {
        var room = Rooms.New();
        await using var client = await nodes.First.ConnectAsync(
            new TestClientOptions { Token = Tokens.For("bob", new { join = new[] { "*" } }) });

        var error = await client.RequestErrorAsync(new { type = "presence", room });

        Assert.Equal("forbidden", error.Text("code"));
    }

    private static async Task<TestClient> JoinAsAsync(string user, RunningNode node, string room, string subprotocol)
    {
        var client = await node.ConnectAsync(new TestClientOptions { Subprotocol = subprotocol, Token = Tokens.For(user, Everything) });
        await client.JoinAsync(room);
        return client;
    }
}
