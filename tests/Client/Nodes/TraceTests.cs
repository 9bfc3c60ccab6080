using System.Collections.Concurrent;
using System.Diagnostics;
using Fanout.Client;
using Fanout.Publisher;
using Fanout.Tests.Client.Support;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.Integration.Support.Otlp;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Client.Nodes;

/// <summary>One trace from an application that uses the packages down to the delivery on each of two real nodes, which export it by OTLP.</summary>
// Its listener is the process's: a test that publishes without one must not run beside it.
[Collection("traces")]
public sealed class TraceTests(RedisFixture redis) : IClassFixture<RedisFixture>, IAsyncLifetime
{
    private static readonly ActivitySource Application = new("application");

    private readonly ConcurrentQueue<Activity> _ours = new();
    private readonly string _room = $"t.{Guid.NewGuid():N}";
    private ActivityListener _listener = null!;
    private TelemetrySink _sink = null!;
    private NodeProcess _a = null!;
    private NodeProcess _b = null!;

    public async ValueTask InitializeAsync()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "application" or "Fanout.Client" or "Fanout.Publisher" or "System.Net.Http",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ours.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
        _sink = await TelemetrySink.StartAsync();
        var options = (new NodeOptions { Environment = _sink.NodeEnvironment() }).WithRedis(redis.ConnectionString, $"t{Guid.NewGuid():N}:");
        var nodes = await Task.WhenAll(
            NodeProcess.StartAsync(options.With(("Fanout:Node:Name", "a"))), NodeProcess.StartAsync(options.With(("Fanout:Node:Name", "b"))));
        (_a, _b) = (nodes[0], nodes[1]);
    }

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
        await _sink.DisposeAsync();
        _listener.Dispose();
    }

    [Theory]
    [InlineData(FanoutFormat.Json)]
    [InlineData(FanoutFormat.MessagePack)]
    public async Task ClientsPublish_IsOneTrace_FromTheApplicationToBothNodes(FanoutFormat format)
    {
        await using var writer = await RealClient.ConnectedAsync(_a, format);
        await using var reader = await RealClient.ConnectedAsync(_b);
        var got = new Collected<int>();
        using var here = await writer.Room(_room, Json.Default.Int32).SubscribeAsync(_ => { }).WithDeadline("the room");
        using var there = await reader.Room(_room, Json.Default.Int32).SubscribeAsync(message => got.Add(message.Payload)).WithDeadline("the room");

        string messageId;
        ActivityTraceId trace;
        using (var work = Application.StartActivity("work")!)
        {
            trace = work.TraceId;
            messageId = (await writer.Room(_room, Json.Default.Int32).PublishAsync(1).WithDeadline("the acknowledgement")).MessageId;
        }

        await got.CountAsync(1);
        // publish, backplane publish, two deliveries.
        var spans = await SpansAsync(trace, 4);

        var own = _ours.Single(activity => activity.Source.Name == "Fanout.Client" && activity.TraceId == trace);
        Assert.Equal("work", own.Parent!.OperationName);
        Assert.Equal(own.SpanId.ToHexString(), spans.Single(span => span.Name == "publish").ParentId);
        Assert.Equal([("a", "1"), ("b", "1")], spans.Where(span => span.Name == "deliver").Select(span => (span.Node, span.Attributes["fanout.members"])).Order());
        Assert.All(spans, span => Assert.Equal(messageId, span.Attributes["messaging.message.id"]));
    }

    // The batch is what is sent, so the node's spans are in its trace; its links lead from there to who asked.
    [Fact]
    public async Task PublishersBatch_IsOneTrace_LinkedToItsCallers()
    {
        await using var reader = await RealClient.ConnectedAsync(_b);
        var got = new Collected<int>();
        using var there = await reader.Room(_room, Json.Default.Int32).SubscribeAsync(message => got.Add(message.Payload)).WithDeadline("the room");
        await using var publisher = new FanoutPublisher(new FanoutPublisherOptions { Url = _a.BaseUri.ToString(), ApiKey = NodeOptions.ApiKey });

        ActivityContext caller;
        using (var work = Application.StartActivity("work")!)
        {
            caller = work.Context;
            await Task.WhenAll(Enumerable.Range(0, 20).Select(n => publisher.PublishAsync(_room, n, Json.Default.Int32))).WithDeadline("the acknowledgements");
        }

        await got.CountAsync(20);
        // Each node sends its spans when it likes: those of the deliveries may come before those above them.
        await Eventually.TrueAsync(
            () => _sink.Spans.Where(span => span.Name == "deliver").ToList() is { Count: 20 } deliveries && deliveries.All(delivery => RequestOf(delivery) is not null),
            "a delivery of each message, and what is above it", context: Seen);

        var batches = _ours.Where(activity => activity.Source.Name == "Fanout.Publisher").ToDictionary(activity => activity.SpanId.ToHexString());
        Assert.NotEmpty(batches);
        Assert.All(batches.Values, batch => Assert.All(batch.Links, link => Assert.Equal(caller, link.Context)));
        Assert.Equal(20, batches.Values.Sum(batch => batch.Links.Count()));
        foreach (var delivery in _sink.Spans.Where(span => span.Name == "deliver"))
        {
            var request = _ours.Single(activity => activity.SpanId.ToHexString() == RequestOf(delivery)!.ParentId);
            Assert.Equal(batches[request.ParentSpanId.ToHexString()].TraceId.ToHexString(), delivery.TraceId);
        }
    }

    // From the bottom to the top: deliver, backplane publish, publish, ASP.NET's; above it are HttpClient's and the publisher's, which are here.
    private OtlpSpan? RequestOf(OtlpSpan delivery)
    {
        var above = delivery;
        for (var i = 0; i < 3 && above is not null; i++)
            above = _sink.Spans.SingleOrDefault(span => span.SpanId == above.ParentId);
        return above;
    }

    private async Task<IReadOnlyList<OtlpSpan>> SpansAsync(ActivityTraceId trace, int count)
    {
        await Eventually.TrueAsync(() => _sink.Spans.Count(span => span.TraceId == trace.ToHexString()) >= count, $"{count} spans of trace {trace}", context: Seen);
        return [.. _sink.Spans.Where(span => span.TraceId == trace.ToHexString())];
    }

    private string Seen() => string.Join('\n', _sink.Spans);
}
