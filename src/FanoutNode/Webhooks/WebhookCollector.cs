using Fanout.Node.Backplane;

namespace Fanout.Node.Webhooks;

/// <summary>Turns marks into events, on one node of the cluster at a time.</summary>
internal sealed partial class WebhookCollector(IWebhookQueue queue, TimeProvider time, WebhookMetrics metrics, ILogger logger)
{
    // How late an event can be for it; one small command each.
    private static readonly TimeSpan IdlePause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan HeldPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(10);

    private long _sweptAt = time.GetTimestamp();

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var pause = await TryCollectAsync(stopping);
            if (pause > TimeSpan.Zero)
                await Task.Delay(pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<TimeSpan> TryCollectAsync(CancellationToken stopping)
    {
        try
        {
            var result = await queue.CollectAsync();
            if (result.Added > 0)
                metrics.Queued(result.Added);
            if (result.Lost > 0)
            {
                metrics.LostForEverybody(result.Lost);
                LogOverflowed(logger, result.Lost);
            }

            if (result.IsOurs && time.GetElapsedTime(_sweptAt) > SweepInterval)
            {
                _sweptAt = time.GetTimestamp();
                await queue.SweepAsync(stopping);
            }

            return !result.IsOurs ? HeldPause : result.MayBeMore ? TimeSpan.Zero : IdlePause;
        }
        catch (BackplaneUnavailableException)
        {
            return FaultPause; // The state of the backplane tells of it, and the marks wait.
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return TimeSpan.Zero;
        }
        catch (Exception e)
        {
            LogBroken(logger, e);
            return FaultPause;
        }
    }

    [LoggerMessage(1805, LogLevel.Error, "{Count} events of members were lost for all webhook receivers: no node collected them in time", EventName = "WebhookOverflowed")]
    private static partial void LogOverflowed(ILogger logger, long count);

    [LoggerMessage(1806, LogLevel.Error, "Collecting events for webhooks failed in an unexpected way; it goes on", EventName = "WebhookCollectorFailed")]
    private static partial void LogBroken(ILogger logger, Exception exception);
}
