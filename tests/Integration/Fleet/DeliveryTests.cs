using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Xunit;

namespace Fanout.Tests.Integration.Fleet;

/// <summary>Messages between two nodes.</summary>
[Collection(TwoNodes.Name)]
public sealed class DeliveryTests(TwoNodes nodes)
{
    // One room has one order, whoever published from wherever; and each publisher's messages stand in it in the order it sent them.
    [Fact]
    public async Task Members_OnBothNodes_GetEveryMessageInOneOrder()
    {
        const int EachSocket = 250;
        const int ByHttp = 60;
        const int All = (2 * EachSocket) + ByHttp;
        var room = Rooms.New();
        await using var first = await nodes.First.JoinAsync(room);
        await using var second = await nodes.Second.JoinAsync(room, TestClientOptions.Msgpack);
        await using var third = await nodes.Second.JoinAsync(room);

        await Task.WhenAll(PublishFromAsync(first, "a"), PublishFromAsync(second, "b"), PublishByHttpAsync());

        var seen = await Task.WhenAll(new[] { first, second, third }.Select(member => member.WaitForMessagesAsync(room, All)));
        var order = Ids(seen[0]);
        Assert.Equal(All, order.Distinct().Count());
        Assert.Equal(order, Ids(seen[1]));
        Assert.Equal(order, Ids(seen[2]));
        Assert.Equal(Enumerable.Range(0, EachSocket), NumbersOf(seen[2], "a"));
        Assert.Equal(Enumerable.Range(0, EachSocket), NumbersOf(seen[2], "b"));
        Assert.Equal(Enumerable.Range(0, ByHttp), NumbersOf(seen[2], "http"));

        async Task PublishFromAsync(TestClient client, string by)
        {
            for (var i = 0; i < EachSocket; i++)
                await client.PublishWithoutAckAsync(room, Message(by, i));
        }

        async Task PublishByHttpAsync()
        {
            for (var i = 0; i < ByHttp; i++)
                Assert.True((await nodes[i % 2].Api.PublishAsync(room, Message("http", i))).IsSuccess);
        }
    }

    // "joined" means that the channel is subscribed: whatever is published later, on any node, arrives.
    [Fact]
    public async Task Publish_RightAfterJoinedOnTheOtherNode_Arrives()
    {
        await using var publisher = await nodes.First.ConnectAsync();
        await using var member = await nodes.Second.ConnectAsync();
        for (var i = 0; i < 25; i++)
        {
            var room = Rooms.New();
            await member.JoinAsync(room);
            await publisher.PublishAsync(room, i);
            Assert.Equal(i, (await member.ExpectTypeAsync("message", room)).Integer("payload"));
        }
    }

    [Fact]
    public async Task Message_FromASocket_HasTheSameFieldsForEveryMember()
    {
        var room = Rooms.New();
        await using var first = await nodes.First.JoinAsync(room);
        await using var second = await nodes.Second.JoinAsync(room);
        var before = DateTimeOffset.UtcNow.AddMinutes(-1).ToUnixTimeMilliseconds();

        var published = await first.PublishAsync(room, new JsonObject { ["text"] = "hello" });

        var here = await first.ExpectTypeAsync("message", room);
        var there = await second.ExpectTypeAsync("message", room);
        Assert.Equal(here.ToJsonString(), there.ToJsonString());
        Assert.Equal(published.Payload().Text("messageId"), there.Text("id"));
        Assert.Equal(first.ClientId, (there["from"] as JsonObject)?.Text("clientId"));
        Assert.InRange(there.Integer("timestamp") ?? 0, before, before + 600_000);
    }

    [Fact]
    public async Task Message_ByHttp_HasNoSender_AndTheAnswerCountsTheNodes()
    {
        var room = Rooms.New();
        await using var first = await nodes.First.JoinAsync(room);
        await using var second = await nodes.Second.JoinAsync(room);

        var answer = (await nodes.First.Api.PublishAsync(room, "hello")).Ok;

        var message = await second.ExpectTypeAsync("message", room);
        Assert.False(message.ContainsKey("from"));
        Assert.Equal(answer.Text("id"), message.Text("id"));
        Assert.Equal(2, answer.Integer("nodes"));
    }

    [Fact]
    public async Task Publish_WithoutAJoin_ReachesTheMembers()
    {
        var room = Rooms.New();
        await using var member = await nodes.Second.JoinAsync(room);
        await using var outsider = await nodes.First.ConnectAsync();

        await outsider.PublishAsync(room, "from outside");

        Assert.Equal("from outside", (await member.ExpectTypeAsync("message", room)).Text("payload"));
        await outsider.PingAsync();
        Assert.Empty(outsider.Messages(room));
    }

    [Theory]
    [MemberData(nameof(Formats.Both), MemberType = typeof(Formats))]
    public async Task EchoFalse_IsNotSentBackToItsPublisher_ButToAllOthers(string subprotocol)
    {
        var room = Rooms.New();
        await using var publisher = await nodes.First.JoinAsync(room, subprotocol);
        await using var beside = await nodes.First.JoinAsync(room, subprotocol);
        await using var there = await nodes.Second.JoinAsync(room, subprotocol);

        await publisher.PublishAsync(room, "quiet", echo: false);
        await publisher.PublishAsync(room, "loud");

        foreach (var member in new[] { beside, there })
            Assert.Equal(["quiet", "loud"], Texts(await member.WaitForMessagesAsync(room, 2)));
        Assert.Equal(["loud"], Texts(await publisher.WaitForMessagesAsync(room, 1)));
    }

    [Fact]
    public async Task FanoutExclude_OnAnotherNode_LeavesThatOneConnectionOut()
    {
        var room = Rooms.New();
        await using var excluded = await nodes.First.JoinAsync(room);
        await using var beside = await nodes.First.JoinAsync(room);

        Assert.True((await nodes.Second.Api.PublishAsync(room, "not for you", exclude: excluded.ClientId)).IsSuccess);
        Assert.True((await nodes.Second.Api.PublishAsync(room, "for all")).IsSuccess);

        Assert.Equal(["not for you", "for all"], Texts(await beside.WaitForMessagesAsync(room, 2)));
        Assert.Equal(["for all"], Texts(await excluded.WaitForMessagesAsync(room, 1)));
    }

    [Fact]
    public async Task Leave_StopsDelivery_AndAJoinStartsItAgain()
    {
        var room = Rooms.New();
        await using var member = await nodes.First.JoinAsync(room);
        await using var witness = await nodes.First.JoinAsync(room);

        await nodes.Second.Api.PublishAsync(room, "one");
        await member.WaitForMessagesAsync(room, 1);
        await member.LeaveAsync(room);
        await nodes.Second.Api.PublishAsync(room, "two");
        await witness.WaitForMessagesAsync(room, 2);
        await member.JoinAsync(room);
        await nodes.Second.Api.PublishAsync(room, "three");

        Assert.Equal(["one", "three"], Texts(await member.WaitForMessagesAsync(room, 2)));
        Assert.Equal(["one", "two", "three"], Texts(await witness.WaitForMessagesAsync(room, 3)));
    }

    [Fact]
    public async Task Connect_WithRoomsInTheQuery_JoinsEachWithAnAnswerOfItsOwn()
    {
        var (a, b) = (Rooms.New(), Rooms.New());
        await using var client = await nodes.First.ConnectAsync(new TestClientOptions { Rooms = $"{a},bad room,{b},{a};epoch" });

        foreach (var room in new[] { a, b })
            Assert.False((await client.ExpectTypeAsync("joined", room)).ContainsKey("id"));
        Assert.Equal("bad_room", (await client.ExpectTypeAsync("error", "bad room")).Payload().Text("code"));
        await nodes.Second.Api.PublishAsync(b, "hello");
        await client.WaitForMessagesAsync(b, 1);
    }

    private static JsonObject Message(string by, int number) => new() { ["by"] = by, ["number"] = number };

    private static List<string?> Ids(IEnumerable<JsonObject> messages) => [.. messages.Select(message => message.Text("id"))];

    private static IEnumerable<string?> Texts(IEnumerable<JsonObject> messages) => messages.Select(message => message.Text("payload"));

    private static IEnumerable<int> NumbersOf(IEnumerable<JsonObject> messages, string by) =>
        messages.Select(message => message.Payload()).Where(payload => payload.Text("by") == by).Select(payload => (int)payload.Integer("number")!);
}
