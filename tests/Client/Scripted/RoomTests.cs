using System.Text.Json;
using Fanout.Client;
using Fanout.Tests.Client.Support;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Client.Scripted;

/// <summary>Rooms as desired state, and what their handlers get.</summary>
public sealed class RoomTests
{
    [Fact]
    public async Task Room_IsLeftWithItsLastSubscription_UnlessItWasJoined()
    {
        var node = await ConnectedAsync();
        var room = node.Client.Room<int>("a");
        var (one, two) = (room.Subscribe(Nothing), room.Subscribe(Nothing));
        node.Socket.Next("join");
        one.Dispose();
        one.Dispose();
        Assert.Equal(FanoutRoomState.Joining, room.State);
        two.Dispose();
        node.Socket.Next("leave");
        Assert.Equal(FanoutRoomState.Left, room.State);

        var three = room.Subscribe(Nothing);
        var joining = room.JoinAsync();
        Joined(node, "a");
        await joining.WithDeadline("the join");
        three.Dispose();
        Assert.Empty(node.Socket.Heard);
        Assert.Equal(FanoutRoomState.Joined, room.State);
    }

    [Fact]
    public async Task Handler_ThatThrows_HarmsNobody_AndIsTold()
    {
        var node = await ConnectedAsync();
        List<int> got = [];
        var room = node.Client.Room<int>("a");
        room.Subscribe((Action<FanoutMessage<int>>)(_ => throw new InvalidOperationException("mine")));
        room.Subscribe(message => got.Add(message.Payload));
        node.Client.MessageReceived += message => got.Add(int.Parse(message.Payload.ToString(), System.Globalization.CultureInfo.InvariantCulture));
        Joined(node, "a");
        node.Message("a", 1, "1");
        node.Message("a", 2, "2");
        Assert.Equal([1, 1, 2, 2], got);
        Assert.Equal(["handler_failed mine", "handler_failed mine"], node.Errors.Select(error => $"{error.Code} {error.InnerException?.Message}"));
    }

    [Fact]
    public async Task Failed_WhoseHandlerThrows_IsNotToldOfItself()
    {
        var node = await ConnectedAsync();
        node.Client.Failed += _ => throw new InvalidOperationException("mine");
        node.Socket.Say("not json");
        Assert.Single(node.Errors);
        Assert.Equal(FanoutConnectionState.Connected, node.Client.State);
    }

    [Fact]
    public async Task Nonsense_OfTheNode_IsToldAndSurvived()
    {
        var node = await ConnectedAsync();
        node.Client.Room("a").Subscribe(Nothing);
        var id = (string)node.Socket.Next("join")["id"]!;
        string[] nonsense =
        [
            "", "[]", "7", "{", """{"type":7}""", """{"type":"drain"}""", $$"""{"type":"joined","id":"{{id}}","room":"a"}""",
            """{"type":"message","room":"a","offset":"x"}""", """{"type":"backplane","payload":{"state":1}}""",
        ];
        foreach (var message in nonsense)
            node.Socket.Say(message);
        node.Socket.Say("""{"type":"reset"}""");
        node.Socket.Say("""{"type":"brand_new","payload":{}}""");
        Assert.Equal(nonsense.Length, node.Errors.Count(error => error.Code == "bad_message"));
        Assert.Equal(FanoutConnectionState.Connected, node.Client.State);
    }

    [Fact]
    public async Task Join_Refused_FailsItsCaller_OrIsToldWhereNobodyWaits()
    {
        var node = await ConnectedAsync();
        var room = node.Client.Room("a");
        var joining = room.JoinAsync();
        Refuse();
        Assert.Equal("forbidden", (await Assert.ThrowsAsync<FanoutException>(() => joining)).Code);
        Assert.Empty(node.Errors);
        Assert.Equal(FanoutRoomState.Left, room.State);
        room.Subscribe(Nothing);
        Refuse();
        Assert.Equal(["forbidden a"], node.Errors.Select(error => $"{error.Code} {error.Room}"));

        void Refuse() => node.Answer("join", """{"type":"error","id":"$","room":"a","payload":{"code":"forbidden","message":"no","retryable":false}}""");
    }

    [Fact]
    public async Task SubscribeAsync_Refused_ThrowsAndEndsTheSubscription()
    {
        var node = await ConnectedAsync();
        var subscribing = node.Client.Room("a").SubscribeAsync(Nothing);
        node.Answer("join", """{"type":"error","id":"$","room":"a","payload":{"code":"forbidden","message":"no","retryable":false}}""");
        Assert.Equal("forbidden", (await Assert.ThrowsAsync<FanoutException>(() => subscribing)).Code);
        Assert.Empty(node.Socket.Heard);
        var good = node.Client.Room("b").SubscribeAsync(Nothing);
        Joined(node, "b");
        (await good.WithDeadline("the subscription")).Dispose();
        node.Socket.Next("leave");
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("..")]
    [InlineData("$")]
    [InlineData("a/b")]
    public void Names_ThatNoRoomHas_AreRefused(string name)
    {
        var client = new FakeNode().Client;
        Assert.Equal("bad_room", Assert.Throws<FanoutException>(() => client.Room(name)).Code);
        Assert.Equal("bad_room", Assert.Throws<FanoutException>(() => { _ = client.PublishAsync(name, FanoutPayload.FromJson("1")); }).Code);
    }

    [Fact]
    public async Task UserRoom_IsKnownFromTheFirstConnection_AndNotJoinedByUs()
    {
        var node = new FakeNode(new FanoutClientOptions { Token = "t" });
        Assert.Equal("unauthorized", Assert.Throws<FanoutException>(() => node.Client.UserRoom()).Code);
        await node.Connect(new() { ["userId"] = "Jörg=x", ["rooms"] = new System.Text.Json.Nodes.JsonArray("$user.J=C3=B6rg=3Dx") });
        List<string> got = [];
        node.Client.UserRoom<string>().Subscribe(message => got.Add(message.Payload));
        node.Socket.Say("""{"type":"joined","room":"$user.J=C3=B6rg=3Dx","payload":{"epoch":"E","offset":0,"recovered":false,"count":1}}""");
        node.Message("$user.J=C3=B6rg=3Dx", 1, "\"for you\"");
        Assert.Equal(["for you"], got);
        Assert.Empty(node.Socket.Heard);
    }

    [Fact]
    public async Task Replay_PagesUpToAPosition()
    {
        var node = await ConnectedAsync();
        List<int> all = [];
        var replaying = ReplayAsync();
        await PageAsync("""{"epoch":"E","offset":4,"more":true,"messages":[{"type":"message","room":"a","id":"1","offset":1,"timestamp":1,"payload":1},{"type":"message","room":"a","id":"2","offset":2,"timestamp":1,"payload":2}]}""", null);
        await PageAsync("""{"epoch":"E","offset":4,"more":false,"messages":[{"type":"message","room":"a","id":"3","offset":3,"timestamp":1,"payload":3},{"type":"message","room":"a","id":"4","offset":4,"timestamp":1,"payload":4}]}""", 2);
        await replaying.WithDeadline("the replay");
        Assert.Equal([1, 2, 3], all);

        async Task ReplayAsync()
        {
            await foreach (var message in node.Client.Room<int>("a").ReplayAsync(upTo: new FanoutPosition("E", 3)))
                all.Add(message.Payload);
        }

        async Task PageAsync(string payload, int? since)
        {
            await Eventually.TrueAsync(() => node.Socket.Heard.Count > 0, "the question for a page");
            var asked = node.Socket.Next("history");
            Assert.Equal(since, (int?)asked["payload"]?["since"]?["offset"]);
            node.Socket.Say($$"""{"type":"history","id":"{{asked["id"]}}","room":"a","payload":{{payload}}}""");
        }
    }

    [Fact]
    public async Task Last_IsAskedForAtTheFirstJoinOnly()
    {
        var node = await ConnectedAsync();
        node.Client.Room("n", new FanoutRoomOptions { Last = 5 }).Subscribe(Nothing);
        var join = node.Socket.Next("join");
        Assert.Equal("""{"since":{"last":5}}""", join["payload"]!.ToJsonString());
        // A room without history: there is no position to go on from.
        node.Socket.Say($$$"""{"type":"joined","id":"{{{join["id"]}}}","room":"n","payload":{"recovered":false,"count":1}}""");
        node.Client.Room("n", new FanoutRoomOptions { Presence = true });
        node.Socket.End();
        node.Advance(1_000);
        node.Socket.Accept();
        Assert.Equal("""{"presence":true}""", node.Socket.Next("join")["payload"]!.ToJsonString());
    }

    [Fact]
    public async Task Members_AreTheListWithTheNoticesOnTop_AndAnOvertakenListDoesNotCount()
    {
        var node = await ConnectedAsync();
        var room = node.Client.Room("p", new FanoutRoomOptions { Presence = true });
        List<int> counts = [];
        room.MembersChanged += members => counts.Add(members.Count);
        room.Subscribe(Nothing);
        Joined(node, "p");
        var old = node.Socket.Next("presence");
        node.Socket.Say("""{"type":"reset","room":"p","payload":{"epoch":"F","offset":0}}""");
        var fresh = node.Socket.Next("presence");
        node.Socket.Say("""{"type":"presence.join","room":"p","payload":{"clientId":"early","userId":"eve","info":{"name":"Eve"}}}""");
        List(fresh, "new");
        List(old, "old");
        Assert.Equal(["early", "new"], room.Members.Keys.Order());
        Assert.Equal("Eve", room.Members["early"].Info.Read(Json.Default.JsonElement).GetProperty("name").GetString());
        node.Socket.Say("""{"type":"presence.leave","room":"p","payload":{"clientId":"early"}}""");
        Assert.Equal(["new"], room.Members.Keys);
        Assert.Equal([1, 2, 1], counts);

        void List(System.Text.Json.Nodes.JsonObject asked, string member) => node.Socket.Say(
            $$$"""{"type":"presence","id":"{{{asked["id"]}}}","room":"p","payload":{"count":1,"users":0,"members":[{"clientId":"{{{member}}}"}]}}""");
    }

    [Fact]
    public async Task Payload_ThatIsNoT_IsPassedOverAndTold()
    {
        var node = await ConnectedAsync();
        List<int> got = [];
        node.Client.Room<int>("a").Subscribe(message => got.Add(message.Payload));
        Joined(node, "a");
        node.Message("a", 1, "\"one\"");
        node.Message("a", 2, "2");
        Assert.Equal([2], got);
        Assert.Equal(["bad_message a"], node.Errors.Select(error => $"{error.Code} {error.Room}"));
        Assert.IsType<JsonException>(node.Errors[0].InnerException, exactMatch: false);
    }

    [Fact]
    public async Task Message_KnowsItsPosition_ToBeStoredOnceItIsDealtWith()
    {
        var node = await ConnectedAsync();
        List<FanoutPosition?> got = [];
        node.Client.Room("a").Subscribe(message => got.Add(message.Position));
        Joined(node, "a");
        node.Message("a", 3);
        Assert.Equal([new FanoutPosition("E", 3)], got);

        var later = new FakeNode();
        later.Client.Room("a", new FanoutRoomOptions { Since = got[0] }).Subscribe(Nothing);
        later.Client.ConnectAsync().Forget();
        Assert.Equal(["a;E;3"], later.Socket.Rooms);
    }

    private static async Task<FakeNode> ConnectedAsync()
    {
        var node = new FakeNode();
        await node.Connect().WithDeadline("the connection");
        return node;
    }

    private static void Joined(FakeNode node, string room) =>
        node.Answer("join", $$$"""{"type":"joined","id":"$","room":"{{{room}}}","payload":{"epoch":"E","offset":0,"recovered":false,"count":1}}""");

    private static void Nothing<T>(FanoutMessage<T> message)
    {
    }
}
