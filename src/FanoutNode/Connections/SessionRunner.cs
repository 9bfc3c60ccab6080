using System.IO.Pipelines;
using Fanout.Node.Auth;
using Fanout.Node.Backplane;
using Fanout.Node.Compression;
using Fanout.Node.Connections.Framing;
using Fanout.Node.Connections.Handshake;
using Fanout.Node.Diagnostics;
using Fanout.Node.Drain;
using Fanout.Node.Lanes;
using Fanout.Node.Limits;
using Fanout.Node.Rooms;
using Fanout.Node.Testing;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Connections;

/// <summary>The life of one connection after its handshake.</summary>
internal sealed partial class SessionRunner(
    LaneSet lanes,
    ConnectionRegistry registry,
    RoomService rooms,
    IMessageHandler handler,
    IBackplane backplane,
    DrainState drain,
    RevokedUsers revoked,
    EchoRunner echo,
    LimitsOptions limits,
    CompressionOptions compression,
    HeartbeatOptions heartbeat,
    TimeProvider time,
    FanoutMetrics metrics,
    ILogger<SessionRunner> logger)
{
    // How long the peer may take for its half of the close handshake; browsers answer at once.
    internal static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    private readonly ConnectionTimes _times = new(heartbeat.Interval, heartbeat.Timeout, CloseTimeout);
    // Whoever only listens is silent for ever.
    private readonly ConnectionTimes _listenersTimes = new(heartbeat.Interval, TimeSpan.Zero, CloseTimeout);
    private readonly OutboundLimits _outboundLimits = new(limits.MaxBacklogBytes, limits.StallTimeout);

    /// <summary>Serves a connection until it ends: 1 register -> 2 `connected` -> 3 join -> 4 pump -> 5 leave and report.</summary>
    /// <param name="input">The client's bytes. Left to the caller when this returns.</param>
    /// <param name="open">Makes the way out.</param>
    /// <param name="abort">Ends reading at once.</param>
    /// <param name="firstBytes">What must go out before the first frame: the answer to the handshake, where nobody else wrote it.</param>
    public Task RunAsync(
        HandshakeAcceptance accepted, PipeReader input, Func<Connection, OutboundLimits, Outbound> open, Action abort, ReadOnlyMemory<byte> firstBytes)
    {
        try
        {
            return Start(accepted, input, open, abort, firstBytes);
        }
        catch
        {
            // The transport was gone before it could be used.
            accepted.Ticket?.Release();
            throw;
        }
    }

    /// <summary>Serves a connection whose client can only listen, until this node has closed it or it is gone: 1, 2, 3 and 5 as above.</summary>
    /// <param name="gone">Cancelled when the client is gone, and behind <paramref name="abort"/>.</param>
    public async Task ListenAsync(HandshakeAcceptance accepted, Func<Connection, OutboundLimits, Outbound> open, Action abort, CancellationToken gone)
    {
        var session = Begin(accepted, _listenersTimes, open, abort, default);
        try
        {
            await session.Connection.CloseSent.WaitAsync(gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            End(session, accepted.Ticket, gone.IsCancellationRequested ? PumpEnd.Lost : PumpEnd.CloseHandshake);
        }
    }

    private Task Start(
        HandshakeAcceptance accepted, PipeReader input, Func<Connection, OutboundLimits, Outbound> open, Action abort, ReadOnlyMemory<byte> firstBytes)
    {
        if (accepted.IsEcho)
            return echo.RunAsync(accepted, input, open, abort, firstBytes);
        var session = Begin(accepted, _times, open, abort, firstBytes);
        // A method of its own, so that what only the handshake needed is not kept for as long as the connection lives.
        return ServeAsync(session, input, accepted.Extension is not null, accepted.Ticket);
    }

    private Session Begin(
        HandshakeAcceptance accepted, ConnectionTimes times, Func<Connection, OutboundLimits, Outbound> open, Action abort, ReadOnlyMemory<byte> firstBytes)
    {
        var connection = new Connection(ConnectionId.New(), accepted.Format, accepted.Principal, lanes.Next(), times, time.GetUtcNow())
        {
            LargestDeflated = accepted.Extension?.LargestShared ?? 0,
        };
        var session = new Session(connection, limits, compression.InflatedBytesPerSecond);
        connection.UseTransport(open(connection, _outboundLimits), abort);

        // 1
        registry.Add(session);
        metrics.ConnectionOpened();
        LogOpened(logger, connection.ClientId);

        // 2
        connection.Lane.Post(new AttachWork(connection, firstBytes, ServerFrames.Encode(connection.Format, Connected(connection, accepted))));

        // 3
        if (drain.IsDraining)
            SendAway(connection);
        else if (revoked.IsRevoked(accepted.Principal.UserId))
            connection.Close(CloseCode.Disconnected, "disconnected by an operator"); // The order came behind the handshake's check, and did not find it.
        else
            rooms.JoinAll(session, accepted.Rooms);
        return session;
    }

    // The drain began behind the handshake's check, and may have told everybody before this session was on the list.
    private static void SendAway(Connection connection)
    {
        connection.Send(new DrainMessage(0));
        connection.Close(CloseCode.GoingAway, "the node is draining");
    }

    private async Task ServeAsync(Session session, PipeReader input, bool inflates, ConnectionTicket? ticket)
    {
        var end = PumpEnd.Lost;
        using var frames = new FrameReader(limits.MaxMessageBytes, inflates, FrameReader.UsualMostTinyFragments);
        try
        {
            // 4
            end = await new SocketPump(session, input, frames, handler).RunAsync();
        }
        finally
        {
            // 5
            End(session, ticket, end);
        }
    }

    private void End(Session session, ConnectionTicket? ticket, PumpEnd end)
    {
        var connection = session.Connection;
        connection.Lane.Post(new DetachWork(connection));
        // Before the session is taken off the list: a drain that finds the list empty must see its leaves.
        rooms.LeaveAll(session);
        registry.Remove(session);
        ticket?.Release();
        var reason = CloseReasons.Of(end, connection.ClosedWith, connection.IsClosedByPeer);
        metrics.ConnectionClosed(reason);
        LogClosed(logger, connection.ClientId, reason);
    }

    private ConnectedMessage Connected(Connection connection, HandshakeAcceptance accepted) => new(
        connection.ClientId,
        accepted.Principal.UserId,
        backplane.NodeName,
        accepted.Principal.ExpiresAt?.ToUnixTimeMilliseconds(),
        heartbeat.Interval,
        heartbeat.Timeout,
        new ClientLimits(limits.MaxMessageBytes, limits.MessagesPerSecond, limits.MaxRoomsPerConnection),
        backplane.State.ToWire(),
        [.. accepted.Rooms.Where(room => room.IsWellFormed).Select(room => room.Name)]);

    [LoggerMessage(1000, LogLevel.Debug, "Opened {ClientId}", EventName = "ConnectionOpened")]
    private static partial void LogOpened(ILogger logger, string clientId);

    [LoggerMessage(1001, LogLevel.Debug, "Closed {ClientId}: {Reason}", EventName = "ConnectionClosed")]
    private static partial void LogClosed(ILogger logger, string clientId, string reason);
}
