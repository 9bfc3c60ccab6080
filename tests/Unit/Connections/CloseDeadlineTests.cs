using System.Diagnostics.Metrics;
using System.Text;
using Fanout.Node.Auth;
using Fanout.Node.Connections;
using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes;
using Fanout.Shared.Protocol;
using Fanout.Tests.Unit.Lanes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fanout.Tests.Unit.Connections;

/// <summary>How long a connection that is being closed waits for its peer's close frame.</summary>
public sealed class CloseDeadlineTests : IDisposable
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StallTimeout = TimeSpan.FromSeconds(20);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();
    private readonly Lane _lane;
    private readonly Connection _connection;
    private readonly BlockedOutbound _outbound;
    private bool _isAborted;

    public CloseDeadlineTests()
    {
        _lane = new Lane(0, new LaneOptions(), _time, new FanoutMetrics(_services.GetRequiredService<IMeterFactory>()), NullLogger<Lane>.Instance);
        _connection = new Connection("me", WireFormat.Json, Principal.Anonymous, _lane, new ConnectionTimes(TimeSpan.Zero, TimeSpan.Zero, CloseTimeout), _time.GetUtcNow());
        _outbound = new BlockedOutbound(_connection, StallTimeout);
        _connection.UseTransport(_outbound, () => _isAborted = true);
        _connection.Attach(_lane, default, default);
    }

    [Fact]
    public void Peer_ThatDoesNotAnswer_HasTheCloseTimeout()
    {
        _connection.CloseNow(CloseCode.GoingAway, "drain");

        Pass(CloseTimeout - LaneTimers.Resolution);
        Assert.False(_isAborted);
        Pass(LaneTimers.Resolution * 2);
        Assert.True(_isAborted);
    }

    [Fact]
    public void Peer_ThatStillReadsWhatWaits_HasTheStallTimeout()
    {
        Block();
        _connection.CloseNow(CloseCode.GoingAway, "drain");

        Pass(StallTimeout - LaneTimers.Resolution);
        Assert.False(_isAborted);
        Pass(LaneTimers.Resolution * 2);
        Assert.True(_isAborted);
    }

    // The next look had been set to the stall's deadline while bytes waited: the close timeout that begins with the close frame ends before it.
    [Fact]
    public void Peer_ThatHasReadAll_HasTheCloseTimeoutFromThereOn()
    {
        Block();
        _connection.CloseNow(CloseCode.GoingAway, "drain");
        Pass(CloseTimeout + LaneTimers.Resolution);
        _outbound.Release();

        Pass(CloseTimeout - LaneTimers.Resolution);
        Assert.False(_isAborted);
        Pass(LaneTimers.Resolution * 2);
        Assert.True(_isAborted);
    }

    public void Dispose() => _services.Dispose();

    private void Block() => _connection.Send(Encoding.UTF8.GetBytes("{\"payload\":\"blocks\"}"), null);

    private void Pass(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += LaneTimers.Resolution)
        {
            _time.Advance(LaneTimers.Resolution);
            _lane.Timers.Advance(_lane);
        }
    }
}
