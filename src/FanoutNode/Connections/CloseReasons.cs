using Fanout.Shared.Protocol;

namespace Fanout.Node.Connections;

/// <summary>Names for the ends of connections, few and fixed: they are a metric's tag.</summary>
internal static class CloseReasons
{
    /// <summary>Those that a healthy day may have, so that their counters begin at 0.</summary>
    public static readonly IReadOnlyList<string> All =
    [
        "normal", "lost", "aborted", "peer", "drain", "protocol_error", "unsupported_data", "invalid_payload", "too_large", "internal", "heartbeat",
        "slow_consumer", "token_expired", "rate_limit", "protocol_abuse", "operator",
    ];

    /// <param name="byPeer">Whether the peer closed, and this node only answered.</param>
    public static string Of(PumpEnd end, CloseCode? code, bool byPeer) => (end, code) switch
    {
        (PumpEnd.Lost, null) => "lost",
        (_, null) => "aborted",
        (_, CloseCode.Normal) => "normal",
        (_, not CloseCode.Normal) when byPeer => "peer", // With a code of its choice: a page that is left says 1001.
        (_, CloseCode.GoingAway) => "drain",
        (_, CloseCode.ProtocolError) => "protocol_error",
        (_, CloseCode.UnsupportedData) => "unsupported_data",
        (_, CloseCode.InvalidPayload) => "invalid_payload",
        (_, CloseCode.MessageTooBig) => "too_large",
        (_, CloseCode.InternalError) => "internal",
        (_, CloseCode.HeartbeatMissed) => "heartbeat",
        (_, CloseCode.SlowConsumer) => "slow_consumer",
        (_, CloseCode.TokenExpired) => "token_expired",
        (_, CloseCode.RateLimitAbused) => "rate_limit",
        (_, CloseCode.ProtocolAbuse) => "protocol_abuse",
        (_, CloseCode.Unauthorized) => "unauthorized",
        (_, CloseCode.Forbidden) => "forbidden",
        (_, CloseCode.Disconnected) => "operator",
        (_, CloseCode.TooManyConnections) => "too_many_connections",
        _ => "other",
    };
}
