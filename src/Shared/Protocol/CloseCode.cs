namespace Fanout.Shared.Protocol;

/// <summary>
/// Why a socket ended: the codes of RFC 6455 (section 7.4.1) that the service uses, and its own. The range decides what a client does:
/// 4000 to 4499 reconnect, 4500 to 4999 stay away.
/// </summary>
public enum CloseCode
{
    /// <summary>Good bye.</summary>
    Normal = 1000,

    /// <summary>The node is draining; reconnect, to another.</summary>
    GoingAway = 1001,

    /// <summary>A frame breaks RFC 6455.</summary>
    ProtocolError = 1002,

    /// <summary>The frame kind does not fit the subprotocol.</summary>
    UnsupportedData = 1003,

    /// <summary>A text message is not UTF-8.</summary>
    InvalidPayload = 1007,

    /// <summary>A message is over the size limit.</summary>
    MessageTooBig = 1009,

    /// <summary>A fault in the node.</summary>
    InternalError = 1011,

    /// <summary>Nothing was heard for the heartbeat's timeout.</summary>
    HeartbeatMissed = 4000,

    /// <summary>The client reads too slowly; it resumes from history.</summary>
    SlowConsumer = 4001,

    /// <summary>The token ended and was not refreshed.</summary>
    TokenExpired = 4002,

    /// <summary>The client kept sending over its rate.</summary>
    RateLimitAbused = 4003,

    /// <summary>Too many messages that could not be decoded.</summary>
    ProtocolAbuse = 4500,

    /// <summary>The token is no longer valid.</summary>
    Unauthorized = 4501,

    /// <summary>The client may not be here.</summary>
    Forbidden = 4502,

    /// <summary>An operator disconnected the client.</summary>
    Disconnected = 4503,

    /// <summary>Too many connections of this user or address.</summary>
    TooManyConnections = 4504,
}

/// <summary>What close codes mean to a client.</summary>
public static class CloseCodes
{
    /// <summary>Whether a client that sees this code should come back. 1000 and 4500 to 4999 mean: stay away.</summary>
    public static bool ShouldReconnect(int code) => code is not 1000 and not (>= 4500 and <= 4999);

    /// <summary>Whether a code may stand in a close frame on the wire (RFC 6455, section 7.4; IANA registry).</summary>
    public static bool IsValidOnWire(int code) => code is (>= 1000 and <= 1003) or (>= 1007 and <= 1014) or (>= 3000 and <= 4999);
}
