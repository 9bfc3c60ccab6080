using System.Diagnostics.Metrics;
using System.Text;
using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fanout.Tests.Unit.Lanes;

/// <summary>A fault while members are told who came and went.</summary>
public sealed class NoticeFaultTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeLogger<Lane> _log = new();
    private readonly FanoutMetrics _metrics;
    private readonly LaneSet _lanes;
    private readonly Room _room;
    private readonly List<string> _got = [];

    public NoticeFaultTests()
    {
        _metrics = new FanoutMetrics(_services.GetRequiredService<IMeterFactory>());
        _lanes = new LaneSet(new LaneOptions { Count = 1 }, new FakeTimeProvider(), _metrics, _log);
        _room = new Room("room", new RoomPolicy(0, TimeSpan.Zero, true, Overflow.Disconnect), _lanes);
    }

    [Fact]
    public void Fault_InNotices_CostsNoMessage()
    {
        var lane = _lanes[0];
        var members = _room.OnLane(lane);
        // Presence frames belong to no room's overflow rule.
        var client = new FakeLaneClient("me", now => now)
        {
            OnSend = (frames, room) => _got.Add(room is null ? throw new InvalidOperationException("a fault") : Encoding.UTF8.GetString(frames.Span)),
        };
        members.Add(lane, new LaneMember(client, members) { WantsPresence = true }, at: null, since: null);
        members.Notice(lane, new PresenceFrames("other", [1], [1]));
        members.Pending.Add(new RoomMessage { Room = _room, Id = "1", Timestamp = 1, Payload = new Payload(WireFormat.Json, Encoding.UTF8.GetBytes("\"hello\"")) });

        members.Flush(lane);

        Assert.Contains("\"hello\"", Assert.Single(_got), StringComparison.Ordinal);
        var entry = Assert.Single(_log.Collector.GetSnapshot(), item => item.Level == LogLevel.Error);
        Assert.Equal("a fault", entry.Exception?.Message);
    }

    public void Dispose()
    {
        _lanes.Dispose();
        _metrics.Dispose();
        _services.Dispose();
    }
}
