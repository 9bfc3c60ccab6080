using System.Diagnostics.Metrics;
using BenchmarkDotNet.Attributes;
using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes;
using Fanout.Shared.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fanout.Bench.Micro;

/// <summary>One message from the lane's hand to each of a room's members, with sockets that take everything for nothing.</summary>
public class DispatchBenchmarks : IDisposable
{
    private ServiceProvider _services = null!;
    private FanoutMetrics _metrics = null!;
    private Lane _lane = null!;
    private FakeRoom _room = null!;
    private LaneRoom _members = null!;

    [Params(1, 100, 1000)]
    public int Members { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        _metrics = new FanoutMetrics(_services.GetRequiredService<IMeterFactory>());
        _lane = new Lane(0, new LaneOptions(), TimeProvider.System, _metrics, NullLogger<Lane>.Instance);
        _room = new FakeRoom();
        _members = _room.OnLane(_lane);
        for (var i = 0; i < Members; i++)
            _members.Add(_lane, new LaneMember(new FakeClient(i), _members), at: null, since: null);
    }

    /// <summary>With the encoding, which happens once however many members there are.</summary>
    [Benchmark]
    public void Dispatch()
    {
        _members.Pending.Add(new RoomMessage
        {
            Room = _room,
            Id = "0123456789abcdef",
            Timestamp = 1_700_000_000_000,
            From = Samples.From,
            Payload = Samples.Json,
        });
        _members.Flush(_lane);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _metrics.Dispose();
        _services.Dispose();
        GC.SuppressFinalize(this);
    }

    private sealed class FakeRoom : IRoomMembers
    {
        public string Name => Samples.Room;

        public bool KeepsNewestOnly => false;

        public LaneRoom?[] Members { get; } = new LaneRoom?[1];

        public LaneRoom OnLane(Lane lane) => Members[0] ??= new LaneRoom(this, 0);

        public void CountOut(int laneIndex, ILaneClient client)
        {
        }

        public ICatchUpSource? CatchUpSource => null;
    }

    private sealed class FakeClient(int number) : ILaneClient
    {
        private long _bytes;

        public string ClientId { get; } = $"client-{number}";

        public WireFormat Format => WireFormat.Json;

        public bool IsDrained => true;

        public long TimerSlot { get; set; }

        public void Send(ReadOnlyMemory<byte> frames, LaneRoom? room) => _bytes += frames.Length;

        public void ForgetNewest(LaneRoom room)
        {
        }

        public void WhenDrained(ILaneWork work)
        {
        }

        public long OnTimer(Lane lane, long now) => long.MaxValue;
    }
}
