using Fanout.Node.Backplane;
using Fanout.Node.Diagnostics;

namespace Fanout.Node.Webhooks;

/// <summary>
/// Asks the queue at an interval how it is with each receiver, for the metrics: an event that nobody sends would show nowhere else. Every node
/// tells of the same queue, so that one that cannot reach it hides nothing.
/// </summary>
internal sealed partial class WebhookWatch(
    IBackplane backplane, WebhookPlan plan, TelemetryOptions options, FleetClock clock, TimeProvider time, WebhookMetrics metrics, ILogger<WebhookWatch> logger) : BackgroundService
{
    private volatile IReadOnlyList<WebhookLevel> _levels = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (backplane.Webhooks is not { } queue)
            return;
        metrics.BeginAtZero(plan.Endpoints.Select(endpoint => endpoint.Name));
        if (options.RedisInterval <= TimeSpan.Zero)
            return;
        metrics.Observe(() => _levels);
        while (!stoppingToken.IsCancellationRequested)
        {
            _levels = await ReadAsync(queue, stoppingToken);
            await Task.Delay(options.RedisInterval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<IReadOnlyList<WebhookLevel>> ReadAsync(IWebhookQueue queue, CancellationToken stopping)
    {
        try
        {
            // A Redis that hangs must not hold up the end of the node.
            var states = await queue.StatesAsync().AsTask().WaitAsync(stopping);
            var now = DateTimeOffset.FromUnixTimeMilliseconds(clock.UnixMilliseconds);
            return [.. states.Select(state => new WebhookLevel(
                state.Name, state.Pending, state.FailingSince is { } since && now > since ? (now - since).TotalSeconds : 0))];
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return [];
        }
        catch (BackplaneUnavailableException)
        {
            return []; // No word is better than an old one. The state of the backplane is told by others.
        }
        catch (Exception e)
        {
            LogFailed(logger, e);
            return [];
        }
    }

    [LoggerMessage(4002, LogLevel.Error, "How it is with webhook receivers could not be read; it is asked again", EventName = "WebhookWatchFailed")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}

/// <summary>How it was with a receiver a moment ago.</summary>
/// <param name="FailingFor">In seconds; 0 while it takes its events.</param>
internal readonly record struct WebhookLevel(string Endpoint, long Pending, double FailingFor);
