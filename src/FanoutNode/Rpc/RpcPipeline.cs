using System.Threading.RateLimiting;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Fanout.Node.Rpc;

/// <summary>What stands around each call of a method, from the outside in: 1 cap -> 2 circuit -> 3 time limit -> 4 another try of what was not sent.</summary>
internal static class RpcPipeline
{
    // Short, since a client waits: enough for a back end that restarts behind a port which is refused for a moment.
    private const int MaxRetries = 2;
    private const double FailureRatio = 0.5;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SamplingDuration = TimeSpan.FromSeconds(10);

    public static ResiliencePipeline<RpcResult> Build(RpcMethodOptions options, TimeProvider time, Action onOpened, Action onClosed)
    {
        var builder = new ResiliencePipelineBuilder<RpcResult> { TimeProvider = time };

        // 1
        if (options.MaxConcurrent > 0)
            builder.AddConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = options.MaxConcurrent, QueueLimit = 0 });

        // 2
        if (options.BreakAfter > 0)
        {
            builder.AddCircuitBreaker(new CircuitBreakerStrategyOptions<RpcResult>
            {
                FailureRatio = FailureRatio,
                MinimumThroughput = options.BreakAfter,
                SamplingDuration = SamplingDuration,
                BreakDuration = options.BreakFor,
                ShouldHandle = static call => ValueTask.FromResult(call.Outcome.Exception is HttpRequestException or IOException or TimeoutRejectedException or OperationCanceledException || call.Outcome.Result is { IsFailure: true }),
                OnOpened = call =>
                {
                    onOpened();
                    return default;
                },
                OnClosed = call =>
                {
                    onClosed();
                    return default;
                },
            });
        }

        // 3
        builder.AddTimeout(new TimeoutStrategyOptions { Timeout = options.Timeout });

        // 4
        builder.AddRetry(new RetryStrategyOptions<RpcResult>
        {
            MaxRetryAttempts = MaxRetries,
            Delay = RetryDelay,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = static call => ValueTask.FromResult(WasNotSent(call.Outcome.Exception)),
        });
        return builder.Build();
    }

    // No connection, so nobody can have acted on it. Whatever else failed may have been done, and is never sent again.
    private static bool WasNotSent(Exception? exception) =>
        exception is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError };
}
