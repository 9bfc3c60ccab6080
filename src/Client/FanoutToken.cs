namespace Fanout.Client;

/// <summary>
/// Gives a token. Throw a <see cref="FanoutException"/> with the code <see cref="FanoutErrorCodes.Unauthorized"/> to stop for good; whatever
/// else it throws is tried again. It may take <see cref="FanoutClientOptions.ConnectTimeout"/>.
/// </summary>
/// <param name="request">Why it is asked.</param>
/// <param name="cancellationToken">Fires when the answer is of no use any more.</param>
public delegate ValueTask<string?> FanoutTokenProvider(FanoutTokenRequest request, CancellationToken cancellationToken);

/// <summary>A question for a token.</summary>
/// <param name="Reason">Why it is asked.</param>
public readonly record struct FanoutTokenRequest(FanoutTokenReason Reason);

/// <summary>Why a token is asked for.</summary>
public enum FanoutTokenReason
{
    /// <summary>Before each attempt to connect.</summary>
    Connect,

    /// <summary>The present token ends soon.</summary>
    Expiring,

    /// <summary><see cref="FanoutClient.RefreshTokenAsync"/> was called.</summary>
    Refresh,
}
