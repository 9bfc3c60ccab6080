using System.Diagnostics;
using System.Text.Json;
using Fanout.Client;
using Fanout.Tests.Client.Support;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Client.Scripted;

/// <summary>Publishes and requests, beyond what the vectors say.</summary>
// Not beside those who listen to the package's spans: the listener is the process's, and with it each publish is a span of its own.
[Collection("traces")]
public sealed class PublishTests
{
    [Fact]
    public async Task Publish_CancelledBeforeItIsSent_IsNeverSent_AndOneInFlightKeepsItsPlace()
    {
        var node = await ConnectedAsync();
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        var room = node.Client.Room<int>("a");
        var one = room.PublishAsync(1, cancellationToken: first.Token);
        var two = room.PublishAsync(2, cancellationToken: second.Token);
        var three = room.PublishAsync(3);
        await first.CancelAsync();
        await second.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => two);
        Assert.Equal(2, node.Client.BufferedPublishes);
        var flushing = node.Client.FlushAsync();
        Published(node);
        Assert.Equal(3, (int?)node.Socket.Heard.Peek()["payload"]);
        Assert.False(flushing.IsCompleted);
        Published(node);
        Assert.Equal("m", (await three.WithDeadline("the acknowledgement")).MessageId);
        await flushing.WithDeadline("the flush");
        Assert.Equal(0, node.Client.BufferedPublishes);
    }

    [Fact]
    public async Task Publish_TooLate_IsToldAndNotSent()
    {
        var node = new FakeNode();
        var late = node.Client.Room<int>("a").PublishAsync(1, new FanoutPublishOptions { Timeout = TimeSpan.FromSeconds(3) });
        node.Advance(3_000);
        Assert.Equal("timeout", (await Assert.ThrowsAsync<FanoutException>(() => late)).Code);
        await node.Connect();
        Assert.Empty(node.Socket.Heard);
    }

    [Fact]
    public async Task Publish_SendsWhatThePayloadWasAtTheCall_AndTheSameBytesAgain()
    {
        var node = new FakeNode();
        int[] payload = [1];
        node.Client.Room("a", Json.Default.Int32Array).PublishAsync(payload, new FanoutPublishOptions { Key = "mine", Echo = false }).Forget();
        payload[0] = 2;
        await node.Connect();
        var frame = node.Socket.Frames.Single();
        Assert.Equal("""{"type":"publish","id":"p1","room":"a","key":"mine","echo":false,"payload":[1]}""", frame);
        node.Socket.End();
        node.Advance(1_000);
        node.Socket.Accept();
        Assert.Equal([frame], node.Socket.Frames);
    }

    [Fact]
    public async Task Publish_OfWhatHasNoFormOnTheWire_IsRefusedAtOnce()
    {
        var client = new FakeNode().Client;
        await BadAsync(() => client.Room("a").PublishAsync(default));
        await BadAsync(() => client.Room<double>("a").PublishAsync(double.NaN));
        await BadAsync(() => client.Room("a", new Broken()).PublishAsync(1));
        await BadAsync(() => client.Room<int>("a").PublishAsync(1, new FanoutPublishOptions { Key = new string('x', 129) }));
        Assert.Equal("bad_message", Assert.Throws<FanoutException>(() => FanoutPayload.FromJson("{} {}")).Code);
        Assert.Equal("bad_message", Assert.Throws<FanoutException>(() => FanoutPayload.FromMessagePack(new byte[] { 0xc1 })).Code);
        Assert.Equal(0, client.BufferedPublishes);

        static async Task BadAsync(Func<Task> publish) => Assert.Equal("bad_message", (await Assert.ThrowsAsync<FanoutException>(publish)).Code);
    }

    [Fact]
    public async Task Publish_ThatEndsEveryConnection_IsGivenUp()
    {
        var node = new FakeNode(new FanoutClientOptions { MinDelay = TimeSpan.FromMilliseconds(10), MaxDelay = TimeSpan.FromMilliseconds(10) });
        await node.Connect();
        var poison = node.Client.Room<string>("a").PublishAsync("poison");
        for (var lost = 0; lost < 10; lost++)
        {
            Assert.Equal("poison", (string?)node.Socket.Next("publish")["payload"]);
            node.Socket.End();
            node.Advance(10);
            node.Socket.Accept();
        }

        Assert.Equal("connection_lost", (await Assert.ThrowsAsync<FanoutException>(() => poison)).Code);
        Assert.Empty(node.Socket.Heard);
    }

    [Fact]
    public async Task Request_Cancelled_OrTooLate_IsTold()
    {
        var node = await ConnectedAsync();
        using var cancel = new CancellationTokenSource();
        var cancelled = node.Client.RequestAsync<int, int>("sum", 1, cancellationToken: cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        var late = node.Client.RequestAsync<int, int>("sum", 1, TimeSpan.FromSeconds(2));
        node.Advance(2_000);
        Assert.Equal("timeout", (await Assert.ThrowsAsync<FanoutException>(() => late)).Code);
        // What comes too late answers nobody.
        node.Answer("request", """{"type":"response","id":"$","payload":1}""");
        Assert.Empty(node.Errors);
    }

    [Fact]
    public async Task Request_AnsweredWithWhatItIsNot_SaysSo()
    {
        var node = await ConnectedAsync();
        var asked = node.Client.RequestAsync("sum", 1, Json.Default.Int32, Json.Default.Chat);
        node.Answer("request", """{"type":"response","id":"$","payload":[1]}""");
        Assert.IsType<JsonException>((await Assert.ThrowsAsync<FanoutException>(() => asked)).InnerException, exactMatch: false);
    }

    [Fact]
    public async Task Commands_BeyondTheBound_AreRefused()
    {
        var client = new FakeNode().Client;
        for (var i = 0; i < 256; i++)
            client.RequestAsync("slow", FanoutPayload.FromJson("1")).Forget();
        Assert.Equal("buffer_full", (await Assert.ThrowsAsync<FanoutException>(() => client.RequestAsync("slow", FanoutPayload.FromJson("1")))).Code);
    }

    [Fact]
    public async Task TraceOfTheCaller_GoesWithTheMessage()
    {
        var node = await ConnectedAsync();
        using var caller = new Activity("caller").SetIdFormat(ActivityIdFormat.W3C).Start();
        node.Client.Room<int>("a").PublishAsync(1).Forget();
        Assert.Equal(caller.Id, (string?)node.Socket.Next("publish")["traceparent"]);

        List<Activity> ended = [];
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Fanout.Client",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                // Other tests run at the same time.
                if (activity.TraceId == caller.TraceId)
                    ended.Add(activity);
            },
        };
        ActivitySource.AddActivityListener(listener);
        var asked = node.Client.RequestAsync<int, int>("sum", 1);
        Assert.Same(caller, Activity.Current);
        var traceparent = (string?)node.Socket.Heard.Peek()["traceparent"];
        node.Answer("request", """{"type":"error","id":"$","payload":{"code":"method_not_found","message":"no","retryable":false}}""");
        await Assert.ThrowsAsync<FanoutException>(() => asked);
        var span = Assert.Single(ended);
        Assert.Equal((span.Id, caller.SpanId, ActivityStatusCode.Error), (traceparent, span.ParentSpanId, span.Status));
    }

    private static void Published(FakeNode node) =>
        node.Answer("publish", """{"type":"published","id":"$","room":"a","payload":{"messageId":"m"}}""");

    private static async Task<FakeNode> ConnectedAsync()
    {
        var node = new FakeNode();
        await node.Connect().WithDeadline("the connection");
        return node;
    }

    private sealed class Broken : Fanout.Client.Serialization.IFanoutSerializer<int>
    {
        public void Write(int value, FanoutFormat format, System.Buffers.IBufferWriter<byte> output) => throw new InvalidCastException("mine");

        public int Read(ReadOnlyMemory<byte> bytes, FanoutFormat format) => 0;
    }
}
