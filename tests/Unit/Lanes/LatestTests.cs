using System.Diagnostics.Metrics;
using System.Text;
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

/// <summary>A member that is behind in a room whose <c>Overflow</c> is <c>Latest</c>, and batches of several messages.</summary>
public sealed class LatestTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FanoutMetrics _metrics;
    private readonly LaneSet _lanes;
    private readonly Room _room;
    private readonly Connection _connection;
    private readonly BlockedOutbound _outbound;
    private readonly LaneMember _member;

    public LatestTests()
    {
        _metrics = new FanoutMetrics(_services.GetRequiredService<IMeterFactory>());
        _lanes = new LaneSet(new LaneOptions { Count = 1 }, TimeProvider.System, _metrics, NullLogger<Lane>.Instance);
        _room = new Room("room", new RoomPolicy(0, TimeSpan.Zero, false, Overflow.Latest), _lanes);
        var times = new ConnectionTimes(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        _connection = new Connection("me", WireFormat.Json, Principal.Anonymous, _lanes[0], times, DateTimeOffset.UtcNow);
        _outbound = new BlockedOutbound(_connection, TimeSpan.FromSeconds(10));
        _connection.UseTransport(_outbound, () => { });
        _connection.Attach(_lanes[0], default, default);
        _member = new LaneMember(_connection, _room.OnLane(_lanes[0]));
        _connection.AddTo(_lanes[0], _member, default, at: null, since: null);
        Flush("first");
    }

    [Fact]
    public void Batches_WhileBehind_AreTheNewestMessage_OnceItReadsAgain()
    {
        Flush("a", "b", "c");
        Flush("d", "e");

        _outbound.Release();

        Assert.Equal(["first", "e"], _outbound.Payloads);
    }

    [Fact]
    public void NewestMessage_IsNotOneThatTheMemberIsExcludedFrom()
    {
        Flush("a", "b", "mine");

        _outbound.Release();

        Assert.Equal(["first", "b"], _outbound.Payloads);
    }

    [Fact]
    public void Member_ThatLeaves_GetsNothingMore()
    {
        Flush("a", "b");
        _connection.RemoveFrom(_lanes[0], _member);

        _outbound.Release();

        Assert.Equal(["first"], _outbound.Payloads);
    }

    public void Dispose()
    {
        _lanes.Dispose();
        _metrics.Dispose();
        _services.Dispose();
    }

    private void Flush(params string[] payloads)
    {
        var members = _room.OnLane(_lanes[0]);
        members.Pending.AddRange(payloads.Select(payload => new RoomMessage
        {
            Room = _room,
            Id = payload,
            Timestamp = 1,
            ExcludedClientId = payload == "mine" ? "me" : null,
            Payload = new Payload(WireFormat.Json, Encoding.UTF8.GetBytes($"\"{payload}\"")),
        }));
        members.Flush(_lanes[0]);
    }
}
