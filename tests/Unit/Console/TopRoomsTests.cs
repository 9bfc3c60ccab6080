using System.Diagnostics.Metrics;
using Fanout.Node.Compression;
using Fanout.Node.Console;
using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes;
using Fanout.Node.Lanes.Preparation;
using Fanout.Node.Limits;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Tests.Unit.Lanes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fanout.Tests.Unit.Console;

/// <summary>The busiest and the largest among ten thousand rooms.</summary>
public sealed class TopRoomsTests : IDisposable
{
    private const int Rooms = 10_000;

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();
    private readonly FanoutMetrics _metrics;
    private readonly LaneSet _lanes;
    private readonly RoomRegistry _registry;
    private readonly TopRooms _top;

    public TopRoomsTests()
    {
        _metrics = new FanoutMetrics(_services.GetRequiredService<IMeterFactory>());
        _lanes = new LaneSet(new LaneOptions { Count = 1 }, TimeProvider.System, _metrics, NullLogger<Lane>.Instance);
        _registry = new RoomRegistry(
            new RoomPolicies([new RoomOptions { Pattern = "*", HistorySize = 0 }]), _lanes, backplane: null!, history: null!,
            new MessagePreparer(new CompressionOptions(), _metrics, NullLogger<MessagePreparer>.Instance), new LimitsOptions(), TimeProvider.System, _metrics);
        _top = new TopRooms(_registry, _time);
    }

    [Fact]
    public void Look_AtTenThousandRooms_NamesTheBusiestAndTheLargest_AndFewOfThem()
    {
        for (var i = 0; i < Rooms; i++)
            Enter($"room-{i}", members: 1);
        Enter("crowd", members: 50);
        Enter("$ops", members: 60);
        Speak("room-7", times: 1);
        Speak("$ops", times: 1);
        // Who speaks for the first time has no rate yet.
        Assert.Equal(0, Assert.Single(_top.Look(), room => room.Room == "crowd").Rate);

        _time.Advance(TimeSpan.FromSeconds(2));
        Speak("room-7", times: 30);
        Speak("$ops", times: 99);
        var top = _top.Look();

        Assert.InRange(top.Count, 2, 40);
        Assert.Equal(new RoomReport("room-7", 1, 15), Assert.Single(top, room => room.Room == "room-7"));
        Assert.Equal(50, Assert.Single(top, room => room.Room == "crowd").Members);
        Assert.DoesNotContain(top, room => room.Room.StartsWith('$'));
    }

    // Between two looks, and not since the room was made; one that has long not been looked at has no rate.
    [Fact]
    public void Rate_IsThatOfTheTimeBetweenTwoLooks()
    {
        Enter("chat", members: 1);
        Speak("chat", times: 5);
        _top.Look();
        _time.Advance(TimeSpan.FromMinutes(5));
        Speak("chat", times: 500);
        Assert.Equal(0, Assert.Single(_top.Look()).Rate);

        _time.Advance(TimeSpan.FromSeconds(4));
        Speak("chat", times: 10);

        Assert.Equal(2.5, Assert.Single(_top.Look()).Rate);
    }

    public void Dispose()
    {
        _registry.Dispose();
        _lanes.Dispose();
        _metrics.Dispose();
        _services.Dispose();
    }

    private void Enter(string name, int members)
    {
        var room = _registry.TryAcquire(name)!;
        for (var i = 0; i < members; i++)
            room.CountIn(0, new FakeLaneClient($"{name}-{i}", now => now));
    }

    private void Speak(string name, int times)
    {
        var room = _registry.Find(name)!;
        for (var i = 0; i < times; i++)
            room.Post(new RoomMessage { Room = room, Id = "0123456789abcdef", Timestamp = 1, Payload = new Payload(WireFormat.Json, "1"u8.ToArray()) });
    }
}
