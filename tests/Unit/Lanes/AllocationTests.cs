using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Fanout.Node.Auth;
using Fanout.Node.Connections;
using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Fanout.Tests.Unit.Lanes;

/// <summary>What the hot path allocates, over real sockets: something for each message, nothing for each member.</summary>
public sealed class AllocationTests : IDisposable
{
    private const int Batch = 8;
    private const int Rounds = 50;

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly List<IDisposable> _sockets = [];
    private readonly List<Socket> _readers = [];
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly FanoutMetrics _metrics;
    private readonly LaneSet _lanes;
    private int _members;

    public AllocationTests()
    {
        _metrics = new FanoutMetrics(_services.GetRequiredService<IMeterFactory>());
        _lanes = new LaneSet(new LaneOptions { Count = 1 }, TimeProvider.System, _metrics, NullLogger<Lane>.Instance);
    }

    [Fact]
    public void Delivery_AllocatesNothing()
    {
        var few = AllocatedBy(members: 10);
        var many = AllocatedBy(members: 210);

        Assert.Equal(few, many);
    }

    // Somebody takes every measurement, as /metrics does: what is measured costs time, never memory.
    [Fact]
    public void Metrics_WithAListener_AllocateNothing()
    {
        var silent = (Few: AllocatedBy(members: 10), Many: AllocatedBy(members: 110));
        var deliveries = 0;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter == _metrics.Meter)
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => { });
        listener.SetMeasurementEventCallback<double>((instrument, _, _, _) =>
        {
            if (instrument.Name == "fanout.delivery.duration")
                deliveries++;
        });
        listener.Start();

        var heard = (Few: AllocatedBy(members: 10), Many: AllocatedBy(members: 110));

        Assert.Equal(silent, heard);
        // One for each message, not for each member.
        Assert.Equal(2 * (Rounds + 5) * Batch, deliveries);
    }

    // The frame of each subprotocol, and once a batch the block that joins them.
    [Fact]
    public void Message_AllocatesItsFramesAndItsPartOfABlock()
    {
        var each = AllocatedBy(members: 10) / (Rounds * Batch);
        var frame = NewMessage(NewRoom(0)).Frame(WireFormat.Json).Length;

        Assert.InRange(each, 2 * frame, (4 * frame) + 64);
    }

    public void Dispose()
    {
        _sockets.ForEach(socket => socket.Dispose());
        _lanes.Dispose();
        _metrics.Dispose();
        _services.Dispose();
    }

    // Bytes on this thread, which plays the lane's part.
    private long AllocatedBy(int members)
    {
        var room = NewRoom(members);
        for (var i = 0; i < 5; i++)
            Flush(room);
        var messages = Enumerable.Range(0, Rounds * Batch).Select(_ => NewMessage(room)).ToArray();
        var pending = room.OnLane(_lanes[0]).Pending;
        var allocated = 0L;
        for (var i = 0; i < Rounds; i++)
        {
            pending.AddRange(messages.AsSpan(i * Batch, Batch));
            var before = GC.GetAllocatedBytesForCurrentThread();
            room.OnLane(_lanes[0]).Flush(_lanes[0]);
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            ReadAll();
        }

        return allocated;
    }

    private void Flush(Room room)
    {
        for (var i = 0; i < Batch; i++)
            room.OnLane(_lanes[0]).Pending.Add(NewMessage(room));
        room.OnLane(_lanes[0]).Flush(_lanes[0]);
        ReadAll();
    }

    private Room NewRoom(int members)
    {
        var room = new Room("room", new RoomPolicy(0, TimeSpan.Zero, false, Overflow.Disconnect), _lanes);
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        _readers.Clear();
        for (var i = 0; i < members; i++)
        {
            var reader = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            reader.Connect(listener.LocalEndPoint!);
            var writer = listener.Accept();
            _sockets.AddRange([reader, writer]);
            _readers.Add(reader);
            Enter(room, writer, $"{++_members}", i % 2 == 0 ? WireFormat.Json : WireFormat.MessagePack);
        }

        return room;
    }

    private void Enter(Room room, Socket socket, string id, WireFormat format)
    {
        var lane = _lanes[0];
        var connection = new Connection(
            id, format, Principal.Anonymous, lane, new ConnectionTimes(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(5)), DateTimeOffset.UtcNow);
        connection.UseTransport(new SocketOutbound(connection, socket, new OutboundLimits(1 << 20, TimeSpan.FromSeconds(10))), () => { });
        connection.Attach(lane, default, new byte[] { 0 });
        var member = new LaneMember(connection, room.OnLane(lane));
        connection.AddTo(lane, member, new byte[] { 0 }, at: null, since: null);
    }

    private void ReadAll()
    {
        foreach (var reader in _readers)
        {
            while (reader.Available > 0)
                reader.Receive(_buffer);
        }
    }

    private static RoomMessage NewMessage(Room room) => new()
    {
        Room = room,
        Id = "0123456789abcdef",
        Timestamp = 1,
        Payload = new Payload(WireFormat.Json, "\"some words for everybody\""u8.ToArray()),
    };
}
