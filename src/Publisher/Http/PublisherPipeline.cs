using System.Net;
using Fanout.Publisher.Batching;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Logging;
using Polly;

namespace Fanout.Publisher.Http;

/// <summary>
/// How requests are repeated: whatever may be different another time (no connection, 408, 429, 5xx), with exponential backoff and jitter, after
/// <c>Retry-After</c> where the node says so, within a bound for all. Every message has a key, so that a repetition does no harm.
/// </summary>
internal static class PublisherPipeline
{
    public static HttpClient Create(FanoutPublisherOptions options, ILogger logger)
    {
        var retry = new HttpRetryStrategyOptions
        {
            MaxRetryAttempts = options.MaxRetries,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = options.RetryDelay,
            MaxDelay = TimeSpan.FromSeconds(10),
            ShouldRetryAfterHeader = true,
            OnRetry = arguments =>
            {
                PublisherLog.Retry(
                    logger, arguments.Outcome.Exception, arguments.RetryDelay, arguments.AttemptNumber + 1,
                    arguments.Outcome.Result is { } response ? $"HTTP {(int)response.StatusCode}" : arguments.Outcome.Exception?.Message ?? "");
                return ValueTask.CompletedTask;
            },
        };
        var pipeline = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = options.TimeProvider }
            .AddTimeout(options.Timeout)
            .AddRetry(retry)
            .AddTimeout(options.AttemptTimeout)
            .Build();
        var inner = options.CreateHandler?.Invoke() ?? new SocketsHttpHandler
        {
            // So that nodes that came later get their share.
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            AutomaticDecompression = DecompressionMethods.None,
        };
        var http = new HttpClient(new ResilienceHandler(pipeline) { InnerHandler = new WholeAnswerHandler(inner) }) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Add("X-Api-Key", options.ApiKey);
        return http;
    }
}
