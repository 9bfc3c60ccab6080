using System.Diagnostics.Metrics;
using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Fanout.Tests.Unit.Lanes;

/// <summary>How long deliveries took, as lanes count it for the console.</summary>
public sealed class DeliveryTimesTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FanoutMetrics _metrics;
    private readonly LaneSet _lanes;

    public DeliveryTimesTests()
    {
        _metrics = new FanoutMetrics(_services.GetRequiredService<IMeterFactory>());
        _lanes = new LaneSet(new LaneOptions { Count = 1 }, TimeProvider.System, _metrics, NullLogger<Lane>.Instance);
    }

    // The page computes the same steps: src/Console/src/fleet/latency.ts.
    [Theory]
    [InlineData(-5_000, 0)]
    [InlineData(0, 0)]
    [InlineData(1_000, 0)]
    [InlineData(1_001, 1)]
    [InlineData(2_000, 4)]
    [InlineData(1_024_000, 40)]
    [InlineData(long.MaxValue, DeliveryTimes.Steps - 1)]
    public void Step_HoldsDurationsUpToItsEnd(long microseconds, int step) => Assert.Equal(step, DeliveryTimes.StepOf(microseconds));

    // One message to many outweighs many to one, and nothing is counted while nobody looks.
    [Fact]
    public void Deliveries_CountOnceEach_WhileSomebodyLooks()
    {
        var crowd = NewRoom("crowd", members: 100);
        var pair = NewRoom("pair", members: 1);
        Send(crowd, agoMs: 40);
        Assert.Equal(0, Counted().Sum());

        _lanes.TimeDeliveries(true);
        Send(crowd, agoMs: 40);
        for (var i = 0; i < 10; i++)
            Send(pair, agoMs: 4_000);

        var counted = Counted();
        Assert.Equal(110, counted.Sum());
        Assert.Equal(100, counted[..(DeliveryTimes.StepOf(4_000_000))].Sum());

        _lanes.TimeDeliveries(false);
        Send(crowd, agoMs: 40);
        Assert.Equal(110, Counted().Sum());
    }

    // Who is left out of one message of a block is not counted for it.
    [Fact]
    public void Block_WithAMessageThatIsNotForAll_CountsWhatWasDelivered()
    {
        var room = NewRoom("crowd", members: 3);
        _lanes.TimeDeliveries(true);

        Send(room, 5, null, "crowd-1", null);

        Assert.Equal(8, Counted().Sum());
    }

    [Fact]
    public void OperatorsRooms_AreNotCounted()
    {
        var room = NewRoom("$ops", members: 2);
        _lanes.TimeDeliveries(true);

        Send(room, agoMs: 1);

        Assert.Equal(0, Counted().Sum());
    }

    [Fact]
    public void Counting_AllocatesNothing()
    {
        var times = new DeliveryTimes();
        times.Add(5_000, 1);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1_000; i++)
            times.Add(i * 1_000, 3);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    public void Dispose()
    {
        _lanes.Dispose();
        _metrics.Dispose();
        _services.Dispose();
    }

    private long[] Counted()
    {
        var sums = new long[DeliveryTimes.Steps];
        _lanes.AddTimesTo(sums);
        return sums;
    }

    private Room NewRoom(string name, int members)
    {
        var room = new Room(name, new RoomPolicy(0, TimeSpan.Zero, false, Overflow.Disconnect), _lanes);
        for (var i = 1; i <= members; i++)
        {
            var client = new FakeLaneClient($"{name}-{i}", now => now);
            _lanes[0].Clients.Add(client.ClientId, client);
            room.OnLane(_lanes[0]).Add(_lanes[0], new LaneMember(client, room.OnLane(_lanes[0])), at: null, since: null);
        }

        return room;
    }

    private void Send(Room room, long agoMs) => Send(room, agoMs, [null]);

    private void Send(Room room, long agoMs, params string?[] excluded)
    {
        var lane = _lanes[0];
        room.OnLane(lane).Pending.AddRange(excluded.Select(id => new RoomMessage
        {
            Room = room,
            Id = "0123456789abcdef",
            Timestamp = lane.Clock.UnixMilliseconds - agoMs,
            ExcludedClientId = id,
            Payload = new Payload(WireFormat.Json, "1"u8.ToArray()),
        }));
        room.OnLane(lane).Flush(lane);
    }
}
