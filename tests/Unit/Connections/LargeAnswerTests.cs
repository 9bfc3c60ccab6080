using System.Diagnostics.Metrics;
using System.Text;
using Fanout.Node.Auth;
using Fanout.Node.Connections;
using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Fanout.Tests.Unit.Connections;

/// <summary>An answer that has no room behind what a slow reader has not taken yet.</summary>
public sealed class LargeAnswerTests : IDisposable
{
    private const int Bound = 1_000;

    private static readonly ErrorMessage Instead = new("1", null, ErrorCode.TooLarge, "no room");

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FanoutMetrics _metrics;
    private readonly LaneSet _lanes;
    private readonly Connection _connection;
    private readonly BlockedOutbound _outbound;

    public LargeAnswerTests()
    {
        _metrics = new FanoutMetrics(_services.GetRequiredService<IMeterFactory>());
        _lanes = new LaneSet(new LaneOptions { Count = 1 }, TimeProvider.System, _metrics, NullLogger<Lane>.Instance);
        _connection = new Connection("me", WireFormat.Json, Principal.Anonymous, _lanes[0], new ConnectionTimes(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(5)), DateTimeOffset.UtcNow);
        _outbound = new BlockedOutbound(_connection);
        _connection.UseTransport(_outbound, () => { });
        _connection.Attach(_lanes[0], default, default);
    }

    [Fact]
    public void Answer_WithoutRoom_BecomesTheOther_AndTheConnectionLives()
    {
        _connection.Send(new byte[5_000], Instead); // Nothing waits: any size goes.
        _connection.Send(new byte[600], Instead); // Fits.
        _connection.Send(new byte[600], Instead);

        _outbound.Release();

        Assert.Equal((5_000, 600), (_outbound.Written[0].Length, _outbound.Written[1].Length));
        Assert.Contains("\"code\":\"too_large\"", Encoding.UTF8.GetString(_outbound.Written[2]), StringComparison.Ordinal);
        Assert.Equal(3, _outbound.Written.Count);
    }

    public void Dispose()
    {
        _lanes.Dispose();
        _metrics.Dispose();
        _services.Dispose();
    }

    /// <summary>Takes one write, and then none until it is released.</summary>
    private sealed class BlockedOutbound(Connection connection) : Outbound(connection, new OutboundLimits(Bound, TimeSpan.FromSeconds(10)))
    {
        private bool _isReleased;

        public List<byte[]> Written { get; } = [];

        public void Release()
        {
            _isReleased = true;
            OnWritable();
        }

        protected override void Write(ReadOnlyMemory<byte> frames)
        {
            if (frames.IsEmpty)
                return;
            Written.Add(frames.ToArray());
            IsBlocked = !_isReleased;
        }
    }
}
