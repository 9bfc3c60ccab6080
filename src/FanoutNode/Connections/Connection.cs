using Fanout.Node.Auth;
using Fanout.Node.Connections.Framing;
using Fanout.Node.Lanes;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Connections;

/// <summary>One socket: who it is, which lane it belongs to, and how it is told things.</summary>
/// <remarks>
/// Thread-safety: what stands in this file may be called from anywhere; it posts to the lane. What stands in <c>Connection.Lane.cs</c> runs
/// on the lane.
/// </remarks>
internal sealed partial class Connection
{
    private readonly ConnectionTimes _times;
    private long _lastReceived;
    private LatePong? _latePong;

    public Connection(string clientId, WireFormat format, Principal principal, Lane lane, ConnectionTimes times, DateTimeOffset connectedAt)
    {
        ClientId = clientId;
        Format = format;
        Principal = principal;
        Lane = lane;
        ConnectedAt = connectedAt;
        _times = times;
        _lastReceived = lane.Timers.Now;
    }

    public string ClientId { get; }

    public WireFormat Format { get; }

    /// <inheritdoc/>
    public int LargestDeflated { get; init; }

    /// <summary>Replaced as a whole when the token is refreshed.</summary>
    public Principal Principal { get; set; }

    public Lane Lane { get; }

    public DateTimeOffset ConnectedAt { get; }

    /// <summary>Answers that wait on the lane and commands under way; see <see cref="ReplyGate"/>.</summary>
    public ReplyGate Gate { get; } = new();

    /// <summary>The code that the connection was or is being closed with by this node; null while it is open.</summary>
    public CloseCode? ClosedWith { get; private set; }

    /// <summary>Whether the peer closed, and this node only answered.</summary>
    public bool IsClosedByPeer { get; private set; }

    /// <summary>Whether a close frame is on its way: the client's further messages are not acted on.</summary>
    public bool IsClosing => ClosedWith is not null;

    /// <summary>Any frame counts as life.</summary>
    public void Touch() => Volatile.Write(ref _lastReceived, Lane.Timers.Now);

    /// <summary>Sends a message of the protocol.</summary>
    public void Send<T>(in T message)
        where T : struct, IServerMessage => SendFrame(ServerFrames.Encode(Format, message));

    /// <summary>Sends a whole frame.</summary>
    public void SendFrame(ReadOnlyMemory<byte> frame) => Lane.Post(new SendWork(this, frame, null));

    /// <summary>Answers a command that was counted in by the gate.</summary>
    public void Answer<T>(in T message)
        where T : struct, IServerMessage => AnswerFrame(ServerFrames.Encode(Format, message));

    /// <summary>Answers with a message that may be large, or with a small one where what waits for the transport leaves it no room.</summary>
    public void Answer<T>(in T message, ErrorMessage instead)
        where T : struct, IServerMessage => Lane.Post(new AnswerWork(this, ServerFrames.Encode(Format, message), instead, Gate));

    /// <summary>Answers with a whole frame; the gate counts it out when the lane has sent it.</summary>
    public void AnswerFrame(ReadOnlyMemory<byte> frame) => Lane.Post(new SendWork(this, frame, Gate));

    /// <summary>Answers a ping, in its turn among the answers. Reader only, like the one that follows.</summary>
    public void AnswerPing(ReadOnlySpan<byte> payload)
    {
        // Whatever waits is older, and need not be answered behind a newer one.
        _latePong?.Forget();
        Gate.Enter();
        AnswerFrame(ServerFrames.Pong(payload));
    }

    /// <summary>Answers a ping when so much time has passed, unless a newer one has come by then.</summary>
    public void AnswerPingLater(ReadOnlySpan<byte> payload, long afterMs)
    {
        _latePong ??= new LatePong();
        if (_latePong.Put(payload))
            Lane.Post(new LatePongWork(this, Lane.Timers.Now + afterMs));
    }

    /// <summary>Closes with a code and a reason; the first close wins.</summary>
    public void Close(CloseCode code, string reason) => Lane.Post(new CloseWork(this, code, reason));

    /// <summary>Ends it without another word, close frame or not.</summary>
    public void GiveUp() => Lane.Post(new GiveUpWork(this));

    /// <summary>Ends our side of TCP behind the close frame that is on its way.</summary>
    public void EndSendingAfterClose() => Lane.Post(new EndSendingWork(this));

    /// <summary>Answers the peer's close frame with the same code (RFC 6455, section 5.5.1).</summary>
    public void AnswerClose(int? code) => Lane.Post(new CloseWork(this, (CloseCode?)code, "", byPeer: true));
}

/// <summary>The times that a connection lives by.</summary>
/// <param name="HeartbeatInterval">Ping this often; zero: never.</param>
/// <param name="HeartbeatTimeout">Gone after so much silence; zero: never.</param>
/// <param name="CloseTimeout">The peer may take so long to answer a close frame, or to read it.</param>
internal sealed record ConnectionTimes(TimeSpan HeartbeatInterval, TimeSpan HeartbeatTimeout, TimeSpan CloseTimeout);
