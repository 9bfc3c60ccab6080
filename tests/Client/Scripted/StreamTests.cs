using Fanout.Client;
using Fanout.Tests.Client.Support;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Client.Scripted;

/// <summary><c>await foreach</c> over a room, and handlers that are awaited.</summary>
public sealed class StreamTests
{
    private const string JoinedA = """{"type":"joined","id":"$","room":"a","payload":{"epoch":"E","offset":0,"recovered":false,"count":1}}""";

    [Fact]
    public async Task Loop_GetsEachMessageOnce_AndLeavesAtItsEnd()
    {
        var node = await ConnectedAsync();
        List<int> got = [];
        var loop = LoopAsync();
        node.Answer("join", JoinedA);
        foreach (var number in new[] { 1, 2, 2, 3, 4 })
            node.Message("a", number, $"{number}");
        await loop.WithDeadline("the loop");
        Assert.Equal([1, 2, 3], got);
        node.Socket.Next("leave");

        async Task LoopAsync()
        {
            await foreach (var message in node.Client.Room<int>("a").ReadAllAsync())
            {
                got.Add(message.Payload);
                if (message.Payload == 3)
                    break;
            }
        }
    }

    [Fact]
    public async Task Loop_ThatIsTooSlow_EndsWithAnErrorBehindWhatWaits()
    {
        var node = await ConnectedAsync();
        await using var loop = node.Client.Room<int>("a").ReadAllAsync(new FanoutStreamOptions { BufferSize = 2 }).GetAsyncEnumerator();
        Three(node);
        Assert.True(await loop.MoveNextAsync());
        Assert.Equal(1, loop.Current.Payload);
        Assert.True(await loop.MoveNextAsync());
        Assert.Equal(2, loop.Current.Payload);
        Assert.Equal("overflow", (await Assert.ThrowsAsync<FanoutException>(async () => await loop.MoveNextAsync())).Code);
    }

    [Fact]
    public async Task Loop_ThatDropsTheOldest_Counts()
    {
        var node = await ConnectedAsync();
        var stream = node.Client.Room<int>("a").ReadAllAsync(new FanoutStreamOptions { BufferSize = 2, Overflow = FanoutOverflow.DropOldest });
        await using var loop = stream.GetAsyncEnumerator();
        Three(node);
        Assert.True(await loop.MoveNextAsync());
        Assert.Equal(2, loop.Current.Payload);
        Assert.Equal(1, stream.Dropped);
    }

    [Fact]
    public async Task Loop_EndsWithItsToken_WithClose_AndWithAnErrorWhenTheNodePutsUsOut()
    {
        var node = await ConnectedAsync();
        using var cancel = new CancellationTokenSource();
        var room = node.Client.Room("a");
        await using var cancelled = room.ReadAllAsync().GetAsyncEnumerator(cancel.Token);
        await using var removed = room.ReadAllAsync().GetAsyncEnumerator();
        node.Answer("join", JoinedA);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await cancelled.MoveNextAsync());
        var next = removed.MoveNextAsync().AsTask();
        node.Socket.Say("""{"type":"left","room":"a","payload":{"reason":"out"}}""");
        Assert.Equal("removed", (await Assert.ThrowsAsync<FanoutException>(() => next)).Code);

        await using var closed = node.Client.Room("b").ReadAllAsync().GetAsyncEnumerator();
        node.Client.CloseAsync().Forget();
        Assert.False(await closed.MoveNextAsync());
        Assert.Equal("closed", Assert.Throws<FanoutException>(() => node.Client.Room("b").ReadAllAsync().GetAsyncEnumerator()).Code);
    }

    [Fact]
    public async Task Loop_NeverMoved_LeavesWhenDisposed()
    {
        var node = await ConnectedAsync();
        var loop = node.Client.Room("a").ReadAllAsync().GetAsyncEnumerator();
        node.Socket.Next("join");
        await loop.DisposeAsync();
        node.Socket.Next("leave");
    }

    [Fact]
    public async Task AwaitedHandler_IsCalledOneAfterTheOther_AndMayWaitForAPublish()
    {
        var node = await ConnectedAsync();
        List<int> got = [];
        var both = new TaskCompletionSource();
        node.Client.Room<int>("a").Subscribe(async message =>
        {
            await node.Client.Room<int>("b").PublishAsync(message.Payload);
            got.Add(message.Payload);
            if (got.Count == 2)
                both.SetResult();
        });
        node.Answer("join", JoinedA);
        node.Message("a", 1, "1");
        node.Message("a", 2, "2");
        for (var number = 1; number <= 2; number++)
        {
            await Eventually.TrueAsync(() => node.Socket.Heard.Count > 0, "the publish of the handler");
            Assert.Equal(number - 1, got.Count);
            node.Answer("publish", """{"type":"published","id":"$","room":"b","payload":{"messageId":"x"}}""");
        }

        await both.Task.WithDeadline("both calls");
        Assert.Equal([1, 2], got);
    }

    [Fact]
    public async Task AwaitedHandler_ThatFails_IsTold_AndTheNextMessageFollows()
    {
        var node = await ConnectedAsync();
        var second = new TaskCompletionSource<int>();
        using var subscription = node.Client.Room<int>("a").Subscribe(async message =>
        {
            await Task.Yield();
            if (message.Payload == 1)
                throw new InvalidOperationException("mine");
            second.SetResult(message.Payload);
        });
        node.Answer("join", JoinedA);
        node.Message("a", 1, "1");
        node.Message("a", 2, "2");
        Assert.Equal(2, await second.Task.WithDeadline("the second message"));
        Assert.Equal("handler_failed", Assert.Single(node.Errors).Code);
    }

    [Fact]
    public async Task AwaitedHandler_ThatIsTooSlow_EndsWithOverflow()
    {
        var node = await ConnectedAsync();
        var hold = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        var subscription = node.Client.Room<int>("a").Subscribe(
            _ =>
            {
                entered.TrySetResult();
                return hold.Task;
            },
            new FanoutStreamOptions { BufferSize = 1 });
        node.Answer("join", JoinedA);
        node.Message("a", 1, "1");
        await entered.Task.WithDeadline("the first call");
        node.Message("a", 2, "2");
        node.Message("a", 3, "3");
        hold.SetResult();
        Assert.Equal("overflow", (await Assert.ThrowsAsync<FanoutException>(() => subscription.Completion.WithDeadline("the end"))).Code);
        Assert.Contains(node.Errors, error => error.Code == "overflow");
        node.Socket.Next("leave");
    }

    [Fact]
    public async Task AwaitedHandler_Disposed_HasItsTokenCancelled()
    {
        var node = await ConnectedAsync();
        var entered = new TaskCompletionSource();
        var subscription = node.Client.Room<int>("a").Subscribe((_, cancelled) =>
        {
            entered.SetResult();
            return Task.Delay(Timeout.Infinite, cancelled);
        });
        node.Answer("join", JoinedA);
        node.Message("a", 1, "1");
        await entered.Task.WithDeadline("the call");
        subscription.Dispose();
        await subscription.Completion.WithDeadline("the end of the call");
        Assert.Empty(node.Errors);
    }

    private static void Three(FakeNode node)
    {
        node.Answer("join", JoinedA);
        for (var number = 1; number <= 3; number++)
            node.Message("a", number, $"{number}");
    }

    private static async Task<FakeNode> ConnectedAsync()
    {
        var node = new FakeNode();
        await node.Connect().WithDeadline("the connection");
        return node;
    }
}
