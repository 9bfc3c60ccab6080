using System.Runtime.CompilerServices;
using Fanout.Client;
using Fanout.Tests.Client.Support;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Client.Scripted;

/// <summary>How long rooms, and those who listen, live: over the end of a client, and in its memory.</summary>
public sealed class RoomLifeTests
{
    private const string JoinedA = """{"type":"joined","id":"$","room":"a","payload":{"epoch":"E","offset":0,"recovered":false,"count":1}}""";

    [Fact]
    public async Task Subscription_OnAClosedClient_IsOverAtOnce()
    {
        var node = new FakeNode();
        await node.Connect();
        node.Client.CloseAsync().Forget();
        var room = node.Client.Room("a");
        using var plain = room.Subscribe(Nothing);
        using var awaited = room.Subscribe((_, _) => Task.CompletedTask);
        await plain.Completion.WithDeadline("the end");
        await awaited.Completion.WithDeadline("the end");
        Assert.Equal(FanoutRoomState.Left, room.State);
        Assert.Equal("closed", (await Assert.ThrowsAsync<FanoutException>(() => room.SubscribeAsync(Nothing))).Code);
    }

    // It waits for the join, so that its own message comes back; a room that is left is not joined.
    [Fact]
    public async Task Publish_IntoARoomThatIsLeftBeforeItsJoinIsAnswered_IsSent()
    {
        var node = new FakeNode();
        await node.Connect();
        var room = node.Client.Room<int>("a");
        var subscription = room.Subscribe((_, _) => Task.CompletedTask);
        node.Socket.Next("join");
        var published = room.PublishAsync(1);
        subscription.Dispose();

        node.Answer("publish", """{"type":"published","id":"$","room":"a","payload":{"messageId":"m"}}""");

        Assert.Equal("m", (await published.WithDeadline("the acknowledgement")).MessageId);
    }

    [Fact]
    public async Task Subscription_WhileTheNodeHasSentUsAway_WaitsForTheNextConnect()
    {
        var node = new FakeNode();
        await node.Connect();
        node.Socket.End(4503);
        var room = node.Client.Room("a");
        using var subscription = room.Subscribe(Nothing);
        Assert.Equal(FanoutRoomState.Left, room.State);
        node.Client.ConnectAsync().Forget();
        Assert.Equal(["a"], node.Socket.Rooms);
        Assert.Equal(FanoutRoomState.Joining, room.State);
    }

    [Fact]
    public async Task Loop_ThatTheNodeEnded_IsNotJoinedAgain_AndANewOneGoesOnBehindIt()
    {
        var node = new FakeNode();
        await node.Connect();
        var room = node.Client.Room<int>("a");
        await using var loop = room.ReadAllAsync().GetAsyncEnumerator();
        node.Answer("join", JoinedA);
        node.Message("a", 3, "3");
        node.Socket.End(4503);
        Assert.True(await loop.MoveNextAsync());
        Assert.Equal("closed", (await Assert.ThrowsAsync<FanoutException>(async () => await loop.MoveNextAsync())).Code);

        node.Client.ConnectAsync().Forget();
        Assert.Empty(node.Socket.Rooms);
        node.Socket.Accept();
        await using var again = room.ReadAllAsync().GetAsyncEnumerator();
        Assert.Equal("""{"since":{"epoch":"E","offset":3}}""", node.Socket.Next("join")["payload"]!.ToJsonString());
    }

    [Fact]
    public async Task OwnRoom_OfAUserWhoIsAnotherOneNow_EndsItsLoops()
    {
        var tokens = 0;
        var node = new FakeNode(new FanoutClientOptions { TokenProvider = (_, _) => ValueTask.FromResult<string?>($"t{++tokens}") });
        await node.Connect(new() { ["userId"] = "ann", ["rooms"] = new System.Text.Json.Nodes.JsonArray("$user.ann") });
        await using var loop = node.Client.UserRoom<int>().ReadAllAsync().GetAsyncEnumerator();
        node.Socket.Say("""{"type":"joined","room":"$user.ann","payload":{"epoch":"E","offset":0,"recovered":false,"count":1}}""");
        var next = loop.MoveNextAsync().AsTask();
        node.Socket.End();
        node.Advance(1_000);
        node.Socket.Accept(new() { ["userId"] = "bob", ["rooms"] = new System.Text.Json.Nodes.JsonArray("$user.bob") });
        Assert.Equal("removed", (await Assert.ThrowsAsync<FanoutException>(() => next.WithDeadline("the end of the loop"))).Code);
        Assert.Equal("$user.bob", node.Client.UserRoom().Name);
    }

    [Fact]
    public async Task OwnRoom_OfAUserWhoIsAnotherOneNow_TellsWhoWaitsForTheJoin()
    {
        var node = new FakeNode(new FanoutClientOptions { TokenProvider = (_, _) => ValueTask.FromResult<string?>("t") });
        await node.Connect(new() { ["userId"] = "ann", ["rooms"] = new System.Text.Json.Nodes.JsonArray("$user.ann") });
        var joining = node.Client.UserRoom().JoinAsync();
        node.Socket.End();
        node.Advance(1_000);
        node.Socket.Accept(new() { ["userId"] = "bob", ["rooms"] = new System.Text.Json.Nodes.JsonArray("$user.bob") });
        Assert.Equal("removed", (await Assert.ThrowsAsync<FanoutException>(() => joining.WithDeadline("the end of the join"))).Code);
    }

    [Fact]
    public async Task Rooms_OnWhichNothingHangs_AreForgotten_AndTheOthersAreNot()
    {
        var node = new FakeNode();
        await node.Connect();
        var held = node.Client.Room("held");
        Action<FanoutReset> reset = _ => { };
        node.Client.Room("heard").Reset += reset;
        node.Client.Room("since", new FanoutRoomOptions { Since = new FanoutPosition("E", 7) });
        using var wanted = node.Client.Room("wanted").Subscribe(Nothing);
        node.Answer("join", JoinedA.Replace("\"a\"", "\"wanted\"", StringComparison.Ordinal));
        // Each is joined, left and forgotten.
        for (var i = 0; i < 1_000; i++)
        {
            var passing = node.Client.Room($"passing.{i}");
            passing.JoinAsync().Forget();
            node.Answer("join", JoinedA.Replace("\"a\"", $"\"passing.{i}\"", StringComparison.Ordinal));
            passing.LeaveAsync().Forget();
            node.Answer("leave", $$$"""{"type":"left","id":"$","room":"passing.{{{i}}}","payload":{}}""");
        }

        var refs = Enumerable.Range(0, 1_000).Select(i => Weak(node, $"order.{i}")).ToArray();
        GC.Collect();
        Assert.InRange(refs.Count(weak => weak.TryGetTarget(out _)), 0, 200);
        Assert.Same(held.Core, node.Client.Room("held").Core);
        held.JoinAsync().Forget();
        node.Answer("join", JoinedA.Replace("\"a\"", "\"held\"", StringComparison.Ordinal));
        Assert.Equal(FanoutRoomState.Joined, held.State);

        node.Socket.End();
        node.Advance(1_000);
        Assert.Equal(["held;E;0", "wanted;E;0"], node.Socket.Rooms.Order());
        node.Socket.Accept();
        node.Client.Room("since").JoinAsync().Forget();
        Assert.Equal(7, (int?)node.Socket.Next("join")["payload"]!["since"]!["offset"]);
        node.Client.Room("heard").Reset -= reset;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference<object> Weak(FakeNode node, string name) => new(node.Client.Room(name).Core);

    private static void Nothing<T>(FanoutMessage<T> message)
    {
    }
}
