namespace Fanout.Client;

/// <summary>Values of <see cref="FanoutException.Code"/>.</summary>
public static class FanoutErrorCodes
{
    // What a node says (docs/protocol.md, section 6).

    /// <summary>The payload has no form on the wire, or a message could not be read.</summary>
    public const string BadMessage = "bad_message";

    /// <summary>The node does not know the command: it is older than this client.</summary>
    public const string UnknownType = "unknown_type";

    /// <summary>No room can have this name.</summary>
    public const string BadRoom = "bad_room";

    /// <summary>The token is missing, wrong or over.</summary>
    public const string Unauthorized = "unauthorized";

    /// <summary>The token does not grant this.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>The message is over the node's limit.</summary>
    public const string TooLarge = "too_large";

    /// <summary>Too many messages.</summary>
    public const string RateLimited = "rate_limited";

    /// <summary>The connection is in as many rooms as it may be.</summary>
    public const string TooManyRooms = "too_many_rooms";

    /// <summary>The room is joined already.</summary>
    public const string AlreadyJoined = "already_joined";

    /// <summary>The room is not joined.</summary>
    public const string NotJoined = "not_joined";

    /// <summary>What was asked for does not exist.</summary>
    public const string NotFound = "not_found";

    /// <summary>The idempotency key was used with another payload.</summary>
    public const string Conflict = "conflict";

    /// <summary>No back end answers this method.</summary>
    public const string MethodNotFound = "method_not_found";

    /// <summary>The back end failed.</summary>
    public const string UpstreamFailed = "upstream_failed";

    /// <summary>No answer in time: it may have happened.</summary>
    public const string Timeout = "timeout";

    /// <summary>The backplane cannot be reached: it did not happen.</summary>
    public const string BackplaneUnavailable = "backplane_unavailable";

    /// <summary>A fault in the node.</summary>
    public const string Internal = "internal";

    // What this client says by itself.

    /// <summary>As many publishes or commands wait as may wait.</summary>
    public const string BufferFull = "buffer_full";

    /// <summary>The client was closed, or stays away from the node.</summary>
    public const string Closed = "closed";

    /// <summary>The connection ended before the answer; nobody knows whether it happened.</summary>
    public const string ConnectionLost = "connection_lost";

    /// <summary>The node sent us away (close codes 1000 and 4500 to 4999).</summary>
    public const string Disconnected = "disconnected";

    /// <summary><see cref="FanoutClientOptions.MaxAttempts"/> is reached.</summary>
    public const string GaveUp = "gave_up";

    /// <summary>One of your handlers threw; the inner exception is what it threw.</summary>
    public const string HandlerFailed = "handler_failed";

    /// <summary>Messages came faster than they were read.</summary>
    public const string Overflow = "overflow";

    /// <summary>The handshake was refused.</summary>
    public const string Refused = "refused";

    /// <summary>The node put the connection out of a room, or you left it.</summary>
    public const string Removed = "removed";

    /// <summary>The token provider threw, took too long, or gave a token that had ended.</summary>
    public const string TokenFailed = "token_failed";
}
