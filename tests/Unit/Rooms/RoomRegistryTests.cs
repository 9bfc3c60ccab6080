using System.Diagnostics.Metrics;
using Fanout.Node.Compression;
using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes;
using Fanout.Node.Lanes.Preparation;
using Fanout.Node.Limits;
using Fanout.Node.Rooms;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Fanout.Tests.Unit.Rooms;

public sealed class RoomRegistryTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FanoutMetrics _metrics;
    private readonly LaneSet _lanes;

    public RoomRegistryTests()
    {
        _metrics = new FanoutMetrics(_services.GetRequiredService<IMeterFactory>());
        _lanes = new LaneSet(new LaneOptions { Count = 1 }, TimeProvider.System, _metrics, NullLogger<Lane>.Instance);
    }

    // The limit was looked at before the join and kept nobody from passing it together with others.
    [Fact]
    public void Rooms_MadeByManyJoinsAtOnce_StayWithinTheLimit()
    {
        const int Limit = 20;
        for (var round = 0; round < 50; round++)
        {
            using var registry = New(Limit);
            var taken = 0;
            Parallel.For(0, 400, i =>
            {
                if (registry.TryAcquire($"room-{i % 40}") is not null)
                    Interlocked.Increment(ref taken);
            });

            Assert.InRange(registry.Count, 1, Limit);
            Assert.Equal(registry.Count, registry.All.Count());
            Assert.InRange(taken, registry.Count, 400);
            // Those that are there take more members, and no more come in.
            Assert.NotNull(registry.TryAcquire(registry.All.First().Name));
            for (var i = registry.Count; i < Limit; i++)
                Assert.NotNull(registry.TryAcquire($"more-{i}"));
            Assert.Null(registry.TryAcquire("one-too-many"));
            Assert.Equal(Limit, registry.Count);
        }
    }

    [Fact]
    public void WithoutALimit_NoneIsRefused()
    {
        using var registry = New(0);
        for (var i = 0; i < 1_000; i++)
            Assert.NotNull(registry.TryAcquire($"room-{i}"));
        Assert.Equal(1_000, registry.Count);
    }

    // Whoever is full must still be able to tell its operators, and their looking takes nobody's place.
    [Fact]
    public void OperatorsRooms_AreMadePastTheLimit_AndTakeNoPlace()
    {
        using var registry = New(1);
        Assert.NotNull(registry.TryAcquire("chat"));
        Assert.NotNull(registry.TryAcquire("$ops"));
        Assert.Null(registry.TryAcquire("news"));

        Assert.Equal(1, registry.Count);
        Assert.Equal(2, registry.All.Count());
    }

    public void Dispose()
    {
        _lanes.Dispose();
        _metrics.Dispose();
        _services.Dispose();
    }

    // Rooms without history: neither backplane nor log is asked.
    private RoomRegistry New(int limit) => new(
        new RoomPolicies([new RoomOptions { Pattern = "*", HistorySize = 0 }]), _lanes, backplane: null!, history: null!,
        new MessagePreparer(new CompressionOptions(), _metrics, NullLogger<MessagePreparer>.Instance), new LimitsOptions { MaxRooms = limit }, TimeProvider.System, _metrics);
}
