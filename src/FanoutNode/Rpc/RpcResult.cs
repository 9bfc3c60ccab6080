using Fanout.Shared.Protocol;

namespace Fanout.Node.Rpc;

/// <summary>How a call ended; tag of <c>fanout.rpc.duration</c>.</summary>
internal enum RpcOutcome
{
    /// <summary>The back end answered.</summary>
    Answered,

    /// <summary>The back end refused on purpose: its problem goes to the client.</summary>
    Refused,

    /// <summary>The back end could not be reached, or its answer is a failure or no answer.</summary>
    Failed,

    /// <summary>No answer in time.</summary>
    TimedOut,

    /// <summary>Not sent: as many calls as may be are under way.</summary>
    Full,

    /// <summary>Not sent: the circuit is open.</summary>
    Open,

    /// <summary>The answer is larger than it may be.</summary>
    TooLarge,
}

/// <summary>What becomes of a call.</summary>
/// <param name="Payload">The answer, as checked JSON, where there is one.</param>
/// <param name="Code">What the client is told otherwise, with <paramref name="Message"/>.</param>
/// <param name="Detail">What the operator is told; null where nothing is wrong with the back end.</param>
internal sealed record RpcResult(
    RpcOutcome Outcome, ReadOnlyMemory<byte> Payload = default, ErrorCode Code = ErrorCode.Internal, string Message = "", long? RetryAfterMs = null, string? Detail = null)
{
    public bool IsFailure => Outcome is RpcOutcome.Failed or RpcOutcome.TimedOut;

    public static RpcResult Fail(string detail, long? retryAfterMs = null) =>
        new(RpcOutcome.Failed, Code: ErrorCode.UpstreamFailed, Message: "the back end failed", RetryAfterMs: retryAfterMs, Detail: detail);
}
