using System.Net;

namespace Fanout.Client;

/// <summary>Every failure that this package reports, but cancellation by the caller, which is an <see cref="OperationCanceledException"/>.</summary>
/// <param name="code">One of <see cref="FanoutErrorCodes"/>, or one that a newer node has: decide by <see cref="IsRetryable"/> then.</param>
/// <param name="message">For people.</param>
/// <param name="innerException">What is behind it, where something is.</param>
public sealed class FanoutException(string code, string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>What failed, for programs; see <see cref="FanoutErrorCodes"/>.</summary>
    public string Code { get; } = code;

    /// <summary>Whether another try can succeed. A publish of unknown fate may only be tried again with its own key.</summary>
    public bool IsRetryable { get; init; }

    /// <summary>When another try makes sense, from now.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The room, where it is about one.</summary>
    public string? Room { get; init; }

    /// <summary>The WebSocket close code, where a close is the cause; 1006 where no close frame came.</summary>
    public int? CloseCode { get; init; }

    /// <summary>The status of a refused handshake.</summary>
    public HttpStatusCode? StatusCode { get; init; }
}
