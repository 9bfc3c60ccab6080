using Fanout.Node.Backplane;
using Xunit;

namespace Fanout.Tests.Contract.Backplanes;

public abstract partial class BackplaneContract
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Publish_ThatAsksForMembers_IsToldThem(bool withHistory, bool withKey)
    {
        var room = NewRoom("$user.");
        Assert.Equal(0, (await PublishAsync("a")).Members);
        await _first.Members.AddAsync(room, Client("a", "ann"));
        await _second.Members.AddAsync(room, Client("b", "ann"));

        Assert.Equal(2, (await PublishAsync("b")).Members);
        // A repetition tells how things are now.
        if (withKey)
            Assert.Equal((PublishOutcome.Duplicate, 2L), ((await PublishAsync("a")).Outcome, (await PublishAsync("a")).Members));

        ValueTask<PublishResult> PublishAsync(string text) =>
            _first.PublishAsync(room, text, withHistory ? Policies.Five : Policies.Plain, withKey ? text : null, countsMembers: true);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task Publish_ThatDoesNotAskForMembers_IsNotToldThem(bool withHistory, bool _) =>
        Assert.Null((await _first.PublishAsync(NewRoom(), "a", withHistory ? Policies.Five : Policies.Plain)).Members);

    [Theory]
    [InlineData("$user.")]
    [InlineData("$user.presence.")]
    public async Task LastSeen_IsWhenTheLastConnectionWent(string prefix)
    {
        var room = NewRoom(prefix);
        var before = DateTimeOffset.UtcNow.AddSeconds(-2);
        await _first.Members.AddAsync(room, Client("a", "ann"));
        await _second.Members.AddAsync(room, Client("b", "ann"));
        Assert.Null(await _first.Members.LastSeenAsync(room));

        await _first.Members.RemoveAsync(room, Client("a", "ann"));
        Assert.Null(await _first.Members.LastSeenAsync(room));
        await _second.Members.RemoveAsync(room, Client("b", "ann"));

        var seen = await _first.Members.LastSeenAsync(room);
        Assert.InRange(seen!.Value, before, DateTimeOffset.UtcNow.AddSeconds(2));
        // Leaving again is no visit.
        await _second.Members.RemoveAsync(room, Client("b", "ann"));
        Assert.Equal(seen, await _second.Members.LastSeenAsync(room));
    }

    [Fact]
    public async Task LastSeen_OfANodeThatStops_IsKept()
    {
        var room = NewRoom("$user.");
        await _first.Members.AddAsync(room, Client("a", "ann"));

        await StopAsync(_first);

        Assert.NotNull(await _second.Members.LastSeenAsync(room));
    }

    [Fact]
    public async Task LastSeen_OfARoomThatIsNoUsers_IsUnknown()
    {
        var room = NewRoom();
        await _first.Members.AddAsync(room, Client("a", "ann"));
        await _first.Members.RemoveAsync(room, Client("a", "ann"));

        Assert.Null(await _first.Members.LastSeenAsync(room));
        Assert.Null(await _first.Members.LastSeenAsync(NewRoom("$user.")));
    }

    // Whatever joins or leaves while somebody pages, the pages have an order and nothing twice; who begins anew sees what is there now.
    [Fact]
    public async Task ListRooms_InPages_WhileRoomsComeAndGo_RepeatsNothing()
    {
        var prefix = NewRoom("list") + ".";
        for (var i = 0; i < 6; i++)
            await _first.Members.AddAsync($"{prefix}{i}", Client("a"));

        var page = await _second.Members.ListRoomsAsync(prefix, null, 2);
        await _first.Members.AddAsync(prefix + "0a", Client("a"));
        await _first.Members.RemoveAsync(prefix + "3", Client("a"));
        var names = page.Items.Select(room => room.Room).ToList();
        while (page.Next is { } after)
        {
            page = await _second.Members.ListRoomsAsync(prefix, after, 2);
            names.AddRange(page.Items.Select(room => room.Room));
        }

        Assert.Equal([.. "01245".Select(digit => prefix + digit)], names);
        Assert.Equal(6, (await _second.Members.ListRoomsAsync(prefix, null, 100)).Items.Count);
    }
}
