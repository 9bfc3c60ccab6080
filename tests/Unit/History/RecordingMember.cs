using System.Buffers.Binary;
using System.Text.Json;
using Fanout.Node.Lanes;
using Fanout.Shared.Protocol;

namespace Fanout.Tests.Unit.History;

/// <summary>A member that keeps the offsets it gets, and a mark for each reset; its socket can be blocked.</summary>
internal sealed class RecordingMember : ILaneClient
{
    private readonly Lock _gate = new();
    private readonly List<long> _offsets = [];
    private readonly List<(string Epoch, long Offset)> _resets = [];
    private readonly List<ILaneWork> _waiting = [];
    private volatile bool _isBlocked;

    public string ClientId { get; } = Guid.NewGuid().ToString("n");

    public WireFormat Format => WireFormat.Json;

    public bool Recovered { get; set; }

    public bool IsDrained => !_isBlocked;

    public void ForgetNewest(LaneRoom room)
    {
    }

    public long TimerSlot { get; set; }

    public IReadOnlyList<long> Offsets
    {
        get
        {
            lock (_gate)
                return [.. _offsets];
        }
    }

    public IReadOnlyList<(string Epoch, long Offset)> Resets
    {
        get
        {
            lock (_gate)
                return [.. _resets];
        }
    }

    public void Block() => _isBlocked = true;

    /// <summary>The socket takes everything again.</summary>
    public void Unblock(Lane lane)
    {
        _isBlocked = false;
        lane.Post(new RoomRig.Work(_ =>
        {
            var waiting = _waiting.ToArray();
            _waiting.Clear();
            foreach (var work in waiting)
                lane.Post(work);
        }));
    }

    public void Send(ReadOnlyMemory<byte> frames, LaneRoom? room)
    {
        lock (_gate)
        {
            for (var rest = frames; rest.Length > 0;)
                rest = Take(rest);
        }
    }

    public void WhenDrained(ILaneWork work) => _waiting.Add(work);

    public long OnTimer(Lane lane, long now) => long.MaxValue;

    private ReadOnlyMemory<byte> Take(ReadOnlyMemory<byte> bytes)
    {
        var (header, length) = (bytes.Span[1] & 0x7F) switch
        {
            126 => (4, BinaryPrimitives.ReadUInt16BigEndian(bytes.Span[2..])),
            127 => (10, (int)BinaryPrimitives.ReadUInt64BigEndian(bytes.Span[2..])),
            var small => (2, small),
        };
        using var json = JsonDocument.Parse(bytes.Slice(header, length));
        if (json.RootElement.GetProperty("type").GetString() == "reset")
        {
            var payload = json.RootElement.GetProperty("payload");
            _resets.Add((payload.GetProperty("epoch").GetString()!, payload.GetProperty("offset").GetInt64()));
        }
        else
        {
            _offsets.Add(json.RootElement.GetProperty("offset").GetInt64());
        }

        return bytes[(header + length)..];
    }
}
