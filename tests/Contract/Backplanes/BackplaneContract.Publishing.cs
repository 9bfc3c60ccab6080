using System.Globalization;
using Fanout.Node.Backplane;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Contract.Backplanes;

public abstract partial class BackplaneContract
{
    // Once the subscription is confirmed, everything that is published arrives: on the publisher's own node as on the other.
    [Fact]
    public async Task Publish_AfterASubscription_ArrivesOnBothNodes()
    {
        var room = NewRoom();
        await BothSubscribeAsync(room, _first, _second);

        var result = await _first.PublishAsync(room, "hello");

        Assert.Equal((PublishOutcome.Published, 2L), (result.Outcome, result.Nodes));
        Assert.Equal((null, null), (result.Epoch, result.Offset));
        foreach (var node in new[] { _first, _second })
            Assert.Equal([new Delivery(room, ChannelFrameKind.Message, "hello", null, null)], await node.Heard.WaitAsync(room, 1));
    }

    // Publishes that are handed over one after the other, without waiting for their results, keep that order; and all nodes see one order
    // whoever published.
    [Fact]
    public async Task Publishes_HandedOverInARow_ArriveInThatOrder_AndInOneForAll()
    {
        const int Each = 300;
        var room = NewRoom();
        await BothSubscribeAsync(room, _first, _second);

        var cancelled = TestContext.Current.CancellationToken;
        await Task.WhenAll(Task.Run(() => PublishAllAsync(_first, "a"), cancelled), Task.Run(() => PublishAllAsync(_second, "b"), cancelled));

        var seen = (await _first.Heard.WaitAsync(room, 2 * Each)).Select(delivery => delivery.Text).ToList();
        await _second.Heard.WaitAsync(room, 2 * Each);
        Assert.Equal(seen, _second.Heard.Texts(room));
        foreach (var by in new[] { "a", "b" })
            Assert.Equal(Enumerable.Range(0, Each).Select(i => Name(by, i)), seen.Where(text => text.StartsWith(by, StringComparison.Ordinal)));

        async Task PublishAllAsync(TestNode node, string by)
        {
            var results = Enumerable.Range(0, Each).Select(i => node.PublishAsync(room, Name(by, i)).AsTask()).ToList();
            Assert.All(await Task.WhenAll(results), result => Assert.Equal(PublishOutcome.Published, result.Outcome));
        }

        static string Name(string by, int number) => string.Create(CultureInfo.InvariantCulture, $"{by}{number}");
    }

    [Fact]
    public async Task Publish_ToARoomThatNobodyListensTo_IsTaken_AndHeardByNobody()
    {
        var result = await _first.PublishAsync(NewRoom(), "into the void");

        Assert.Equal((PublishOutcome.Published, 0L), (result.Outcome, result.Nodes));
    }

    // Subscribed again although it is: one subscription, one delivery.
    [Fact]
    public async Task Subscribe_Twice_DeliversOnce()
    {
        var room = NewRoom();
        await BothSubscribeAsync(room, _first, _first);

        Assert.Equal(1, (await _second.PublishAsync(room, "one")).Nodes);
        await _second.PublishAsync(room, "two");

        await _first.Heard.WaitAsync(room, 2);
        Assert.Equal(["one", "two"], _first.Heard.Texts(room));
    }

    // Giving up is done in the background; who publishes learns from the count that it took effect.
    [Fact]
    public async Task Unsubscribe_StopsDelivery_ForThatNodeAlone()
    {
        var (room, fence) = (NewRoom(), NewRoom());
        await BothSubscribeAsync(room, _first, _second);
        await BothSubscribeAsync(fence, _second);
        await _first.PublishAsync(room, "before");
        await _second.Heard.WaitAsync(room, 1);

        _second.Backplane.Unsubscribe(room);
        await Eventually.TrueAsync(async () => (await _first.PublishAsync(room, "meanwhile")).Nodes == 1, "one node that listens");
        await _first.PublishAsync(room, "after");
        await _first.PublishAsync(fence, "fence");

        await _second.Heard.WaitAsync(fence, 1);
        Assert.DoesNotContain("after", _second.Heard.Texts(room));
        // The fence says nothing about what the other node has heard.
        await Eventually.TrueAsync(() => _first.Heard.Texts(room)[^1] == "after", "what the other node still hears");
    }

    // Subscribe and unsubscribe of one room take effect in the order in which they are called.
    [Fact]
    public async Task Unsubscribe_ThenSubscribeAtOnce_LeavesTheRoomSubscribed()
    {
        var room = NewRoom();
        for (var i = 0; i < 20; i++)
        {
            await BothSubscribeAsync(room, _first);
            _first.Backplane.Unsubscribe(room);
        }

        await BothSubscribeAsync(room, _first);
        await _second.PublishAsync(room, "still here");

        await _first.Heard.WaitAsync(room, 1);
        Assert.Equal(["still here"], _first.Heard.Texts(room));
    }

    [Fact]
    public async Task Rooms_WhoseNamesBeginAlike_AreSeparate()
    {
        var room = NewRoom();
        await BothSubscribeAsync(room, _first);
        await BothSubscribeAsync(room + ".x", _first);

        await _second.PublishAsync(room + ".x", "x");
        await _second.PublishAsync(room + ".", "nobody");
        await _second.PublishAsync(room, "room");

        await _first.Heard.WaitAsync(room, 1);
        Assert.Equal(["room"], _first.Heard.Texts(room));
        Assert.Equal(["x"], _first.Heard.Texts(room + ".x"));
    }

    // Every node hears $all from its start on.
    [Fact]
    public async Task Publish_ToAll_ArrivesWithoutASubscription()
    {
        await _first.PublishAsync("$all", "to all");

        foreach (var node in new[] { _first, _second })
            Assert.Equal("to all", (await node.Heard.WaitAsync("$all", 1))[0].Text);
    }

    [Theory]
    [InlineData("$user.ann")]
    [InlineData("A-Z.a_z:0@9=FF")]
    public async Task Publish_ToARoomWithAnyLegalName_Arrives(string name)
    {
        await BothSubscribeAsync(name, _second);

        await _first.PublishAsync(name, "hello");

        Assert.Equal("hello", (await _second.Heard.WaitAsync(name, 1))[0].Text);
    }

    [Fact]
    public async Task Publish_OfAMebibyte_ArrivesWhole()
    {
        var room = NewRoom();
        var text = new string('x', 1024 * 1024);
        await BothSubscribeAsync(room, _second);

        await _first.PublishAsync(room, text);

        Assert.Equal(text, (await _second.Heard.WaitAsync(room, 1))[0].Text);
    }
}
