using System.Text.Json.Nodes;
using Fanout.Node.Backplane;
using Xunit;

namespace Fanout.Tests.Contract.Backplanes;

public abstract partial class BackplaneContract
{
    // Members of a presence room are told who comes and goes, on every node, once each.
    [Fact]
    public async Task PresenceRoom_TellsJoinsAndLeaves_Once()
    {
        var room = NewRoom(Policies.PresencePrefix);
        await BothSubscribeAsync(room, _first, _second);

        await _first.Members.AddAsync(room, Client("a", "ann"));
        await _first.Members.AddAsync(room, Client("a", "ann"));
        await _second.Members.AddAsync(room, Client("b"));
        await _first.Members.RemoveAsync(room, Client("a", "ann"));
        await _first.Members.RemoveAsync(room, Client("a", "ann"));
        await _second.Members.RemoveAsync(room, Client("b"));

        foreach (var node in new[] { _first, _second })
        {
            var told = await node.Heard.WaitAsync(room, 4);
            Assert.Equal(
                [(ChannelFrameKind.PresenceJoin, "a"), (ChannelFrameKind.PresenceJoin, "b"), (ChannelFrameKind.PresenceLeave, "a"), (ChannelFrameKind.PresenceLeave, "b")],
                told.Select(delivery => (delivery.Kind, (string?)JsonNode.Parse(delivery.Text)!["clientId"])));
        }
    }

    [Fact]
    public async Task PlainRoom_TellsNothing()
    {
        var (room, fence) = (NewRoom(), NewRoom());
        await BothSubscribeAsync(room, _second);
        await BothSubscribeAsync(fence, _second);

        await _first.Members.AddAsync(room, Client("a", "ann"));
        await _first.Members.RemoveAsync(room, Client("a", "ann"));
        await _first.PublishAsync(fence, "fence");

        await _second.Heard.WaitAsync(fence, 1);
        Assert.Empty(_second.Heard.Of(room));
    }

    // A connection that was lost and comes back as another one in time: nobody is told of either, and there is one member.
    [Fact]
    public async Task PresenceRoom_WhenAUserComesBackInTime_TellsNothing()
    {
        var room = NewRoom(Policies.PresencePrefix);
        await _first.Members.AddAsync(room, Client("lost", "ann"));
        await BothSubscribeAsync(room, _second);

        await _first.Members.BeginLeavingAsync(room, Client("lost", "ann"));
        await _second.Members.AddAsync(room, Client("back", "ann"));
        await _first.Members.RemoveAsync(room, Client("lost", "ann"));
        await _second.PublishAsync(room, "end");

        Assert.Equal(["end"], (await _second.Heard.WaitAsync(room, 1)).Select(delivery => delivery.Text));
        Assert.Equal("back", Assert.Single((await _first.Members.ListAsync(room, null, 10)).Items).ClientId);
        Assert.Equal(new RoomCounts(1, 1), await _first.Members.CountUsersAsync(room));
    }
}
