using Fanout.Node.Backplane;
using Xunit;

namespace Fanout.Tests.Contract.Backplanes;

public abstract partial class BackplaneContract
{
    [Fact]
    public async Task Add_CountsTheMembersOfAllNodes()
    {
        var room = NewRoom();

        Assert.Equal(1, await _first.Members.AddAsync(room, Client("a")));
        Assert.Equal(2, await _second.Members.AddAsync(room, Client("b")));
        Assert.Equal(3, await _second.Members.AddAsync(room, Client("c")));

        foreach (var node in new[] { _first, _second })
            Assert.Equal(3, await node.Members.CountAsync(room));
    }

    [Fact]
    public async Task Add_Twice_IsOneMember()
    {
        var room = NewRoom();

        await _first.Members.AddAsync(room, Client("a"));

        Assert.Equal(1, await _first.Members.AddAsync(room, Client("a")));
        await _first.Members.RemoveAsync(room, Client("a"));
        Assert.Equal(0, await _second.Members.CountAsync(room));
    }

    // It is gone when the call ends, for every node; the others stay.
    [Fact]
    public async Task Remove_TakesOneMemberOut()
    {
        var room = NewRoom();
        await _first.Members.AddAsync(room, Client("a"));
        await _second.Members.AddAsync(room, Client("b"));

        await _first.Members.RemoveAsync(room, Client("a"));
        await _first.Members.RemoveAsync(room, Client("never there"));
        await _first.Members.RemoveAsync(NewRoom(), Client("a"));

        Assert.Equal(["b"], (await _second.Members.ListAsync(room, null, 10)).Items.Select(member => member.ClientId));
    }

    [Fact]
    public async Task Room_WithoutMembers_IsEmpty_AndNotListed()
    {
        var room = NewRoom();
        await _first.Members.AddAsync(room, Client("a"));
        await _first.Members.RemoveAsync(room, Client("a"));

        Assert.Equal(0, await _second.Members.CountAsync(room));
        Assert.Equal(new RoomCounts(0, 0), await _second.Members.CountUsersAsync(room));
        Assert.Empty((await _second.Members.ListAsync(room, null, 10)).Items);
        Assert.Empty((await _second.Members.ListRoomsAsync(room, null, 10)).Items);
    }

    // A user with three connections is one user; connections without a user are none.
    [Theory]
    [InlineData("room")]
    [InlineData(Policies.PresencePrefix)]
    public async Task CountUsers_CountsEachUserOnce(string prefix)
    {
        var room = NewRoom(prefix);
        await _first.Members.AddAsync(room, Client("a", "ann"));
        await _first.Members.AddAsync(room, Client("b", "bob"));
        await _second.Members.AddAsync(room, Client("c", "ann"));
        await _second.Members.AddAsync(room, Client("d"));
        Assert.Equal(new RoomCounts(4, 2), await _second.Members.CountUsersAsync(room));

        await _first.Members.RemoveAsync(room, Client("a", "ann"));
        Assert.Equal(new RoomCounts(3, 2), await _first.Members.CountUsersAsync(room));
        await _second.Members.RemoveAsync(room, Client("c", "ann"));
        Assert.Equal(new RoomCounts(2, 1), await _first.Members.CountUsersAsync(room));
    }

    [Fact]
    public async Task List_ShowsWhoAndWhere_OrderedByClientId()
    {
        var room = NewRoom();
        await _second.Members.AddAsync(room, Client("b", "bob"));
        await _first.Members.AddAsync(room, Client("c"));
        await _first.Members.AddAsync(room, Client("a", "ann"));

        var page = await _second.Members.ListAsync(room, null, 10);

        Assert.Null(page.Next);
        Assert.Equal(
            [("a", _first.Backplane.NodeId, "ann"), ("b", _second.Backplane.NodeId, "bob"), ("c", _first.Backplane.NodeId, null)],
            page.Items.Select(member => (member.ClientId, member.NodeId, member.UserId)));
        Assert.All(page.Items, member => Assert.Equal(FakeStatus.Started, member.ConnectedAt));
    }

    // The cursor is the last client id: pages neither repeat nor leave out, whatever comes and goes between them.
    [Fact]
    public async Task List_InPages_ShowsEveryMemberOnce()
    {
        var room = NewRoom();
        var ids = Enumerable.Range(0, 25).Select(i => $"client-{i:00}").ToList();
        foreach (var id in ids)
            await _first.Members.AddAsync(room, Client(id));

        var seen = new List<string>();
        string? after = null;
        do
        {
            var page = await _second.Members.ListAsync(room, after, 10);
            seen.AddRange(page.Items.Select(member => member.ClientId));
            after = page.Next;
            await _first.Members.RemoveAsync(room, Client("client-05"));
        }
        while (after is not null);

        Assert.Equal(ids, seen);
    }

    [Fact]
    public async Task ListRooms_OfAPrefix_AreOrdered_WithCountsOfAllNodes_InPages()
    {
        var prefix = NewRoom("list-") + ".";
        foreach (var name in new[] { "c", "a", "b", "e", "d" })
            await _first.Members.AddAsync(prefix + name, Client("x"));
        await _second.Members.AddAsync(prefix + "b", Client("y"));
        await _second.Members.AddAsync(NewRoom(), Client("y"));

        var page = await _second.Members.ListRoomsAsync(prefix, null, 3);
        var rest = await _first.Members.ListRoomsAsync(prefix, page.Next, 3);

        Assert.Equal([("a", 1L), ("b", 2), ("c", 1)], page.Items.Select(room => (room.Room[prefix.Length..], room.Members)));
        Assert.Equal([("d", 1L), ("e", 1)], rest.Items.Select(room => (room.Room[prefix.Length..], room.Members)));
        Assert.Null(rest.Next);
        Assert.Empty((await _first.Members.ListRoomsAsync(prefix + "*", null, 3)).Items);
    }

    // A client's joins and leaves of one room take effect in the order in which they are made, however fast they come.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task JoinsAndLeaves_OfManyClientsAtOnce_EndInTheRightState(int seed)
    {
        var random = new Random(seed);
        var rooms = Enumerable.Range(0, 4).Select(_ => NewRoom()).ToList();
        var expected = rooms.ToDictionary(room => room, _ => new SortedSet<string>(StringComparer.Ordinal));
        var changes = new List<Task>();
        for (var i = 0; i < 2_000; i++)
        {
            var room = rooms[random.Next(rooms.Count)];
            var client = $"client-{random.Next(10)}";
            // Each client belongs to one node, as in life.
            var node = client[^1] % 2 == 0 ? _first : _second;
            if (random.Next(2) == 0)
            {
                expected[room].Add(client);
                changes.Add(node.Members.AddAsync(room, Client(client)).AsTask());
            }
            else
            {
                expected[room].Remove(client);
                changes.Add(node.Members.RemoveAsync(room, Client(client)).AsTask());
            }
        }

        await Task.WhenAll(changes);

        foreach (var room in rooms)
            Assert.Equal(expected[room], (await _first.Members.ListAsync(room, null, 100)).Items.Select(member => member.ClientId));
    }

    // Who is in two rooms and leaves one is still known in the other.
    [Fact]
    public async Task Remove_FromOneRoom_LeavesTheClientsOtherRoomsAlone()
    {
        var (stays, leaves) = (NewRoom(), NewRoom());
        await _first.Members.AddAsync(stays, Client("a", "ann"));
        await _first.Members.AddAsync(leaves, Client("a", "ann"));

        await _first.Members.RemoveAsync(leaves, Client("a", "ann"));
        await _first.Members.RemoveAsync(leaves, Client("a", "ann"));

        Assert.Equal("ann", Assert.Single((await _second.Members.ListAsync(stays, null, 10)).Items).UserId);
    }
}
