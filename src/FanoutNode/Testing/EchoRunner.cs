using System.IO.Pipelines;
using Fanout.Node.Auth;
using Fanout.Node.Connections;
using Fanout.Node.Connections.Framing;
using Fanout.Node.Connections.Handshake;
using Fanout.Node.Lanes;
using Fanout.Node.Limits;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Testing;

/// <summary>
/// The life of a connection to <c>/echo</c>. Reader, pump, connection, lane and way out are those of <c>/ws</c>, so that what a suite finds
/// here holds there; rooms, tokens, rates, pings and the list of connections are left out.
/// </summary>
internal sealed class EchoRunner(LaneSet lanes, LimitsOptions limits, TestingOptions testing, IHostApplicationLifetime lifetime, TimeProvider time)
{
    // Suites send a few of the largest messages before they read.
    private const int LargestMessagesWaiting = 4;
    private static readonly ConnectionTimes Times = new(TimeSpan.Zero, TimeSpan.Zero, SessionRunner.CloseTimeout);

    // No rates: suites send as fast as they can.
    private static readonly LimitsOptions Unlimited = new() { MessagesPerSecond = 0, BytesPerSecond = 0 };

    private readonly OutboundLimits _outboundLimits = new((long)testing.EchoMaxMessageBytes * LargestMessagesWaiting, limits.StallTimeout);

    /// <inheritdoc cref="SessionRunner.RunAsync"/>
    public async Task RunAsync(
        HandshakeAcceptance accepted, PipeReader input, Func<Connection, OutboundLimits, Outbound> open, Action abort, ReadOnlyMemory<byte> firstBytes)
    {
        var connection = new Connection(ConnectionId.New(), accepted.Format, Principal.Anonymous, lanes.Next(), Times, time.GetUtcNow());
        connection.UseTransport(open(connection, _outboundLimits), abort);
        connection.Lane.Post(new AttachWork(connection, firstBytes, default));
        using var frames = new FrameReader(testing.EchoMaxMessageBytes, accepted.Extension is not null);
        // The drain does not know these connections.
        using var stop = lifetime.ApplicationStopping.Register(() => connection.Close(CloseCode.GoingAway, "the node stops"));
        try
        {
            await new SocketPump(new Session(connection, Unlimited), input, frames, new EchoHandler(accepted.Extension)).RunAsync();
        }
        finally
        {
            connection.Lane.Post(new DetachWork(connection));
        }
    }
}
