using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Xunit;

namespace Fanout.Tests.Integration.Fleet;

/// <summary>Rooms, members and nodes by HTTP (DESIGN.md 4), from either of two nodes.</summary>
[Collection(TwoNodes.Name)]
public sealed class RoomApiTests(TwoNodes nodes)
{
    [Fact]
    public async Task Rooms_OfAPrefix_AreListedWithTheMembersOfBothNodes()
    {
        var prefix = Rooms.New("list");
        await using var first = await nodes.First.ConnectAsync();
        await using var second = await nodes.Second.ConnectAsync();
        await first.JoinAsync($"{prefix}.a");
        await second.JoinAsync($"{prefix}.a");
        await second.JoinAsync($"{prefix}.b");
        await second.JoinAsync(Rooms.New("other"));

        foreach (var node in new[] { nodes.First, nodes.Second })
            Assert.Equal(
                $$"""{"items":[{"room":"{{prefix}}.a","members":2},{"room":"{{prefix}}.b","members":1}]}""",
                (await node.Api.RoomsAsync(prefix)).Text);
    }

    [Fact]
    public async Task Rooms_InPages_ComeInOrderAndOnce()
    {
        var prefix = Rooms.New("pages");
        await using var first = await nodes.First.ConnectAsync();
        await using var second = await nodes.Second.ConnectAsync();
        var names = Enumerable.Range(0, 11).Select(i => $"{prefix}.{i:00}").ToList();
        for (var i = 0; i < names.Count; i++)
            await (i % 2 == 0 ? first : second).JoinAsync(names[i]);

        var seen = new List<string>();
        string? after = null;
        do
        {
            var page = (await nodes.First.Api.RoomsAsync(prefix, after, limit: 4)).Ok;
            seen.AddRange(page["items"]!.AsArray().Select(item => (string)item!["room"]!));
            after = page.Text("next");
        }
        while (after is not null);

        Assert.Equal(names, seen);
    }

    // A prefix is text, not a pattern.
    [Fact]
    public async Task Rooms_OfAPrefixWithGlobCharacters_AreNone()
    {
        await using var member = await nodes.First.JoinAsync(Rooms.New());

        foreach (var prefix in new[] { "*", "room?", "[a-z]", "\\" })
            Assert.Equal("""{"items":[]}""", (await nodes.First.Api.RoomsAsync(prefix)).Text);
    }

    [Fact]
    public async Task Room_CountsMembersAndUsers()
    {
        var room = Rooms.New();
        await using var ann = await nodes.First.ConnectAsync(
            new TestClientOptions { Token = Tokens.For("ann", new { join = new[] { "*" } }), Rooms = room });
        await using var annAgain = await nodes.Second.ConnectAsync(
            new TestClientOptions { Token = Tokens.For("ann", new { join = new[] { "*" } }), Rooms = room });
        await using var anonymous = await nodes.Second.JoinAsync(room);
        await ann.ExpectTypeAsync("joined", room);
        await annAgain.ExpectTypeAsync("joined", room);

        var answer = (await nodes.First.Api.RoomAsync(room)).Ok;

        Assert.Equal((room, 3, 1), (answer.Text("room"), answer.Integer("members"), answer.Integer("users")));
    }

    [Fact]
    public async Task Members_InPages_AreThoseOfBothNodes()
    {
        var room = Rooms.New();
        await using var first = await nodes.First.JoinAsync(room);
        await using var second = await nodes.Second.JoinAsync(room);
        await using var third = await nodes.Second.JoinAsync(room);

        var page = (await nodes.First.Api.MembersAsync(room, limit: 2)).Ok;
        var rest = (await nodes.Second.Api.MembersAsync(room, page.Text("next"), limit: 2)).Ok;

        var ids = page["items"]!.AsArray().Concat(rest["items"]!.AsArray()).Select(item => (string)item!["clientId"]!);
        Assert.Equal(new[] { first, second, third }.Select(client => client.ClientId).Order(StringComparer.Ordinal), ids);
        Assert.False(rest.ContainsKey("next"));
    }

    [Fact]
    public async Task Nodes_AreBothThere_WithWhatTheyCarry()
    {
        var room = Rooms.New();
        await using var first = await nodes.First.JoinAsync(room);

        // Each node tells of itself with its beat.
        var answer = await Eventually.ValueAsync(
            async () => (await nodes.Second.Api.NodesAsync()).Ok["items"]!.AsArray().Select(node => node!.AsObject()).ToList(),
            items => items.Count == 2 && items[0].Integer("connections") >= 1 && items[0].Integer("rooms") >= 1,
            "two nodes, the first with a connection and a room");

        Assert.Equal(["first", "second"], answer.Select(node => node.Text("name")));
        Assert.All(answer, node =>
        {
            Assert.Equal(("healthy", false), (node.Text("backplane"), node.Flag("draining")));
            Assert.Matches("^[a-z]+-[0-9a-f]{12}$", node.Text("id"));
            Assert.Matches(@"^\d+\.\d+\.\d+", node.Text("version"));
            Assert.InRange((DateTimeOffset)node["started"]!, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow);
        });
    }
}
