namespace Fanout.Shared.Protocol;

/// <summary>Why one request failed. The connection lives on; see <see cref="CloseCode"/> for what ends it.</summary>
public enum ErrorCode
{
    /// <summary>The message could not be decoded or a field has the wrong type.</summary>
    BadMessage,

    /// <summary>No such <c>type</c>.</summary>
    UnknownType,

    /// <summary>The room name is not allowed by the protocol.</summary>
    BadRoom,

    /// <summary>The token is not valid.</summary>
    Unauthorized,

    /// <summary>The token does not grant this.</summary>
    Forbidden,

    /// <summary>A field or the payload is over its limit.</summary>
    TooLarge,

    /// <summary>Too many messages; see <c>retryAfterMs</c>.</summary>
    RateLimited,

    /// <summary>The connection is in as many rooms as it may be.</summary>
    TooManyRooms,

    /// <summary>A <c>join</c> with <c>since</c> for a room that the connection is in.</summary>
    AlreadyJoined,

    /// <summary>The connection is not in that room.</summary>
    NotJoined,

    /// <summary>What was asked for does not exist.</summary>
    NotFound,

    /// <summary>The idempotency key was used with another payload.</summary>
    Conflict,

    /// <summary>No back end is configured for that method.</summary>
    MethodNotFound,

    /// <summary>The back end answered with a failure.</summary>
    UpstreamFailed,

    /// <summary>No answer in time; the fate of the request is unknown.</summary>
    Timeout,

    /// <summary>The backplane cannot be reached; nothing was stored.</summary>
    BackplaneUnavailable,

    /// <summary>A fault in the node.</summary>
    Internal,
}

/// <summary>The wire names of <see cref="ErrorCode"/>, and which of them are worth another try.</summary>
public static class ErrorCodes
{
    private static readonly string[] Names =
    [
        "bad_message", "unknown_type", "bad_room", "unauthorized", "forbidden", "too_large", "rate_limited", "too_many_rooms",
        "already_joined", "not_joined", "not_found", "conflict", "method_not_found", "upstream_failed", "timeout",
        "backplane_unavailable", "internal",
    ];

    /// <summary>The name as it stands in <c>payload.code</c>.</summary>
    public static string ToWire(this ErrorCode code) => Names[(int)code];

    /// <summary>
    /// Whether the same request may succeed later. A publish that ended in <see cref="ErrorCode.Timeout"/> may have been stored: it is
    /// repeated safely only with an idempotency key.
    /// </summary>
    public static bool IsRetryable(this ErrorCode code) => code is
        ErrorCode.RateLimited or ErrorCode.UpstreamFailed or ErrorCode.Timeout or ErrorCode.BackplaneUnavailable or ErrorCode.Internal;

    /// <summary>Reads a wire name; <see langword="null"/> for a name this version does not know.</summary>
    public static ErrorCode? FromWire(string name) =>
        Array.IndexOf(Names, name) is >= 0 and var index ? (ErrorCode)index : null;
}
