using Fanout.Node.Backplane;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Contract.Backplanes;

public abstract partial class BackplaneContract
{
    [Fact]
    public async Task Nodes_ListEachOther_WithWhatTheyTell()
    {
        foreach (var node in new[] { _first, _second })
        {
            // The state is told with the beat after it changed.
            var nodes = await Eventually.ValueAsync(
                async () => (await node.Backplane.Nodes.ListAsync()).OrderBy(info => info.Name, StringComparer.Ordinal).ToList(),
                infos => infos.Count == 2 && infos.All(info => info.Backplane == "healthy"), "two healthy nodes");
            Assert.Equal(
                [Told(_first.Backplane), Told(_second.Backplane)], nodes);
        }

        static NodeInfo Told(IBackplane backplane) => new(
            backplane.NodeId, backplane.NodeName, "1.2.3", FakeStatus.Started, Connections: 7, Rooms: 3, "healthy", Draining: false);
    }

    // Two starts of one node are two nodes: what one left behind is never taken for the other's.
    [Fact]
    public async Task Nodes_OfOneName_HaveDifferentIds()
    {
        await using var namesake = new TestNode(Create("first"));

        Assert.Equal(_first.Backplane.NodeName, namesake.Backplane.NodeName);
        Assert.NotEqual(_first.Backplane.NodeId, namesake.Backplane.NodeId);
        Assert.StartsWith("first-", _first.Backplane.NodeId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_LeavesNothingOfTheNodeBehind()
    {
        var room = NewRoom();
        await _first.Members.AddAsync(room, Client("a", "ann"));
        await _second.Members.AddAsync(room, Client("b"));
        await _first.Members.RemoveAsync(room, Client("a", "ann"));
        var id = _first.Backplane.NodeId;
        Assert.NotEmpty(await TracesOfAsync(id));

        await StopAsync(_first);

        Assert.Empty(await TracesOfAsync(id));
        Assert.Equal(["second"], (await _second.Backplane.Nodes.ListAsync()).Select(node => node.Name));
        Assert.Equal(1, await _second.Members.CountAsync(room));
    }

    // A hurried stop has members left; no lease will end for them, so they must go with the node.
    [Fact]
    public async Task Stop_WithMembersLeft_TakesThemAlong()
    {
        var room = NewRoom();
        await _first.Members.AddAsync(room, Client("a", "ann"));
        await _second.Members.AddAsync(room, Client("b"));

        await StopAsync(_first);

        Assert.Equal(["b"], (await _second.Members.ListAsync(room, null, 10)).Items.Select(member => member.ClientId));
        Assert.Empty(await TracesOfAsync(_first.Backplane.NodeId));
    }

    // What was asked for just before the stop is still done.
    [Fact]
    public async Task Stop_RightBehindALeave_DoesTheLeave()
    {
        var room = NewRoom();
        for (var i = 0; i < 50; i++)
            await _first.Members.AddAsync(room, Client($"client-{i}"));

        var leaves = Enumerable.Range(0, 50).Select(i => _first.Members.RemoveAsync(room, Client($"client-{i}")).AsTask()).ToList();
        await StopAsync(_first);

        await Task.WhenAll(leaves).WithDeadline("the leaves");
        Assert.Equal(0, await _second.Members.CountAsync(room));
    }

    private static Task StopAsync(TestNode node) =>
        Deadlines.RunAsync(cancelled => node.Backplane.StopAsync(cancelled).AsTask(), $"the end of {node.Backplane.NodeName}");
}
