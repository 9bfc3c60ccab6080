using System.Diagnostics.Metrics;
using BenchmarkDotNet.Attributes;
using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes;
using Fanout.Shared.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Fanout.Bench.Micro;

/// <summary>
/// What the metrics cost on the way of a message: a block of eight messages to each of a room's members, with nobody who takes measurements, and
/// with the OpenTelemetry SDK that is behind /metrics. Divide by 8 x Members for one delivery.
/// </summary>
public class TelemetryBenchmarks : IDisposable
{
    private const int Block = 8;

    private ServiceProvider _services = null!;
    private FanoutMetrics _metrics = null!;
    private MeterProvider? _provider;
    private Lane _lane = null!;
    private LaneRoom _members = null!;
    private RoomMessage[] _messages = null!;

    [Params(1, 10, 1000)]
    public int Members { get; set; }

    /// <summary>Whether the SDK takes the measurements.</summary>
    [Params(false, true)]
    public bool Listener { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        if (Listener)
            _provider = Sdk.CreateMeterProviderBuilder().AddMeter(FanoutMetrics.MeterName).AddReader(new Reader()).Build();
        _metrics = new FanoutMetrics(_services.GetRequiredService<IMeterFactory>());
        if (_metrics.MeasuresDeliveries != Listener)
            throw new InvalidOperationException("The measurements are not taken, or should not be.");
        _lane = new Lane(0, new LaneOptions(), TimeProvider.System, _metrics, NullLogger<Lane>.Instance);
        var room = new BenchRoom();
        _members = room.OnLane(_lane);
        for (var i = 0; i < Members; i++)
            _members.Add(_lane, new LaneMember(new BenchClient(i), _members), at: null, since: null);
        // Encoded once and for all: what is measured is the way to the members, and what is noted of it.
        _messages = [.. Enumerable.Range(0, Block).Select(i => new RoomMessage { Room = room, Id = $"0123456789abcde{i}", Timestamp = 1_700_000_000_000, From = Samples.From, Payload = Samples.Json })];
    }

    [Benchmark]
    public void Flush()
    {
        _members.Pending.AddRange(_messages);
        _members.Flush(_lane);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _provider?.Dispose();
        _metrics.Dispose();
        _services.Dispose();
        GC.SuppressFinalize(this);
    }

    private sealed class Reader : MetricReader;

    private sealed class BenchRoom : IRoomMembers
    {
        public string Name => Samples.Room;

        public bool KeepsNewestOnly => false;

        public LaneRoom?[] Members { get; } = new LaneRoom?[1];

        public ICatchUpSource? CatchUpSource => null;

        public LaneRoom OnLane(Lane lane) => Members[0] ??= new LaneRoom(this, 0);

        public void CountOut(int laneIndex, ILaneClient client)
        {
        }
    }

    private sealed class BenchClient(int number) : ILaneClient
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
