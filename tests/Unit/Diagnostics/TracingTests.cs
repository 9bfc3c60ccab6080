using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Tests.Unit.Lanes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fanout.Tests.Unit.Diagnostics;

/// <summary>One class, since they share the one source of the process: with a listener in another test nothing could be said of its absence.</summary>
public sealed class TracingTests : IDisposable
{
    private const string Sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private const string Unsampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();
    private readonly FanoutMetrics _metrics;

    public TracingTests() => _metrics = new FanoutMetrics(_services.GetRequiredService<IMeterFactory>());

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319z-b7ad6b7169203331-01")]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01xx")]
    public void TraceParent_ThatCannotBeRead_IsAsIfItWereNotThere(string text) => Assert.Null(TraceParent.Read(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void TraceParent_IsRead()
    {
        var context = TraceParent.Read(Encoding.ASCII.GetBytes(Sampled))!.Value;

        Assert.Equal(("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", true), (context.TraceId.ToHexString(), context.SpanId.ToHexString(), context.IsRemote));
        Assert.Equal(default(ActivityContext), TraceParent.Read(Encoding.ASCII.GetBytes(Unsampled)));
        Assert.NotNull(TraceParent.Read(Encoding.ASCII.GetBytes(Sampled.Replace("00-0af", "01-0af", StringComparison.Ordinal) + "-more")));
    }

    [Fact]
    public void Publish_ThatNobodySamples_AllocatesNothing()
    {
        using var listener = Listen(out _);
        var sampling = new TraceSampling(new TelemetryOptions(), _time, _metrics);
        var unsampled = Encoding.ASCII.GetBytes(Unsampled);
        Try();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
            Try();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);

        void Try()
        {
            if (sampling.StartPublish(null) is not null || sampling.StartPublish(sampling.OfClient(unsampled)) is not null)
                throw new InvalidOperationException("it was traced");
        }
    }

    [Fact]
    public void Publish_FollowsItsParent_WhateverTheRatio()
    {
        using var listener = Listen(out _);
        var never = new TraceSampling(new TelemetryOptions { TraceRatio = 0 }, _time, _metrics);
        var always = new TraceSampling(new TelemetryOptions { TraceRatio = 1 }, _time, _metrics);

        using var followed = never.StartPublish(never.OfClient(Encoding.ASCII.GetBytes(Sampled)));
        using var begun = always.StartPublish(null);

        Assert.Equal("b7ad6b7169203331", followed!.ParentSpanId.ToHexString());
        Assert.Equal(default, begun!.ParentSpanId);
        Assert.NotEqual(followed.TraceId, begun.TraceId);
        // Or what the connection publishes next would be below it.
        Assert.Null(Activity.Current);
        Assert.Null(always.StartPublish(always.OfClient(Encoding.ASCII.GetBytes(Unsampled))));
    }

    // The back end may keep traces where this node does not. What is over the bound is handed on too, but not as sampled.
    [Fact]
    public void Requests_KeepTheirClientsTrace_AndTheFlagAsLongAsItIsFollowed()
    {
        var sampling = new TraceSampling(new TelemetryOptions { ClientTracesPerSecond = 1 }, _time, _metrics);

        var seen = new[] { Sampled, Sampled, Unsampled }.Select(text => sampling.OfClientRequest(Encoding.ASCII.GetBytes(text))!.Value).ToList();

        Assert.All(seen, context => Assert.Equal(("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"), (context.TraceId.ToHexString(), context.SpanId.ToHexString())));
        Assert.Equal([ActivityTraceFlags.Recorded, ActivityTraceFlags.None, ActivityTraceFlags.None], seen.Select(context => context.TraceFlags));
        Assert.Null(sampling.OfClientRequest("nonsense"u8));
        Assert.Null(sampling.OfClientRequest(default));
    }

    // Anybody may ask for traces, and somebody has to keep them.
    [Fact]
    public void Clients_AreFollowedSoOften_AndNoMore()
    {
        using var listener = Listen(out _);
        var sampling = new TraceSampling(new TelemetryOptions { ClientTracesPerSecond = 3 }, _time, _metrics);

        Assert.Equal(3, Followed(10));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(3, Followed(10));

        int Followed(int asked) => Enumerable.Range(0, asked).Count(_ => sampling.OfClient(Encoding.ASCII.GetBytes(Sampled)) is { } context && context != default);
    }

    [Fact]
    public void Delivery_OfABlock_IsOneSpanForEachMessage_LinkedToTheOthers()
    {
        using var listener = Listen(out var spans);
        using var lanes = new LaneSet(new LaneOptions { Count = 1 }, TimeProvider.System, _metrics, NullLogger<Lane>.Instance);
        var room = new Room("room", new RoomPolicy(0, TimeSpan.Zero, false, Overflow.Disconnect), lanes);
        var members = room.OnLane(lanes[0]);
        for (var i = 0; i < 3; i++)
            members.Add(lanes[0], new LaneMember(new FakeLaneClient("c" + i, _ => long.MaxValue), members), at: null, since: null);
        var messages = new[] { Message("m1"), Message("m2"), Message("m3", sampled: false) };

        foreach (var message in messages)
        {
            message.Trace?.Begin(TimeProvider.System);
            message.Trace?.Expect();
            members.Pending.Add(message);
            message.Trace?.Done(message, 0, []);
        }

        members.Flush(lanes[0]);

        var mine = spans.Where(span => messages.Any(message => message.Trace is { } trace && span.TraceId == trace.Parent.TraceId)).ToList();
        Assert.Equal(["m1", "m2"], mine.Select(span => span.GetTagItem("messaging.message.id")).Order());
        Assert.All(mine, span => Assert.Equal((3, 3), ((int)span.GetTagItem("fanout.members")!, (int)span.GetTagItem("messaging.batch.message_count")!)));
        var first = mine.Single(span => "m1".Equals(span.GetTagItem("messaging.message.id")));
        Assert.Equal(messages[0].Trace!.Parent.SpanId, first.ParentSpanId);
        Assert.Equal(messages[1].Trace!.Parent.SpanId, Assert.Single(first.Links).Context.SpanId);

        RoomMessage Message(string id, bool sampled = true) => new()
        {
            Room = room,
            Id = id,
            Timestamp = 1,
            Payload = new Payload(WireFormat.Json, "1"u8.ToArray()),
            Trace = sampled ? new DeliveryTrace(new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, null, isRemote: true)) : null,
        };
    }

    // Who published it and asked for no echo, and who reads the log instead, did not get it.
    [Fact]
    public void Delivery_CountsWhoGotIt_AndNobodyElse()
    {
        using var listener = Listen(out var spans);
        using var lanes = new LaneSet(new LaneOptions { Count = 1 }, TimeProvider.System, _metrics, NullLogger<Lane>.Instance);
        var room = new Room("room", new RoomPolicy(0, TimeSpan.Zero, false, Overflow.Disconnect), lanes);
        var members = room.OnLane(lanes[0]);
        for (var i = 0; i < 3; i++)
        {
            var client = new FakeLaneClient("c" + i, _ => long.MaxValue);
            lanes[0].Clients.Add(client.ClientId, client);
            members.Add(lanes[0], new LaneMember(client, members), at: null, since: null);
        }

        var parents = new[] { "c1", null, "elsewhere" }.Select(Deliver).ToList();
        members.Flush(lanes[0]);

        Assert.Equal([2, 3, 3], parents.Select(parent => (int)spans.Single(span => span.TraceId == parent.TraceId).GetTagItem("fanout.members")!));

        ActivityContext Deliver(string? excluded)
        {
            var trace = new DeliveryTrace(new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, null, isRemote: true));
            trace.Begin(TimeProvider.System);
            members.Pending.Add(new RoomMessage { Room = room, Id = "m", Timestamp = 1, Payload = new Payload(WireFormat.Json, "1"u8.ToArray()), ExcludedClientId = excluded, Trace = trace });
            return trace.Parent;
        }
    }

    public void Dispose()
    {
        _metrics.Dispose();
        _services.Dispose();
    }

    private static ActivityListener Listen(out ConcurrentQueue<Activity> spans)
    {
        var stopped = spans = new ConcurrentQueue<Activity>();
        // Made now: a source that is made because a listener asks which one it is does not ask that listener.
        var ours = FanoutTracing.Source;
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source == ours,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = stopped.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
