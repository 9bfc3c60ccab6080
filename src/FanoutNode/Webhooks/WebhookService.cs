using Fanout.Node.Backplane;

namespace Fanout.Node.Webhooks;

/// <summary>Runs the collector, and a sender for each receiver. Ends behind the drain, so that what the drain changes is told too, if there is time.</summary>
internal sealed partial class WebhookService(IBackplane backplane, WebhookPlan plan, TimeProvider time, WebhookMetrics metrics, ILogger<WebhookService> logger) : IHostedService
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<WebhookSender> _senders = [];
    private Task _running = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (backplane.Webhooks is not { } queue)
            return Task.CompletedTask;
        _senders.AddRange(plan.Endpoints.Select(endpoint => new WebhookSender(endpoint, queue, time, metrics, logger)));
        var collector = new WebhookCollector(queue, time, metrics, logger);
        _running = Task.WhenAll([Task.Run(() => collector.RunAsync(_stopping.Token), CancellationToken.None), .. _senders.Select(sender => Task.Run(() => sender.RunAsync(_stopping.Token), CancellationToken.None))]);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            if (backplane.Webhooks is { } queue)
                await queue.ReleaseAsync().AsTask().WaitAsync(cancellationToken);
        }
        catch (Exception e) when (e is BackplaneUnavailableException or OperationCanceledException)
        {
            LogNotReleased(logger); // They end by themselves.
        }

        foreach (var sender in _senders)
            sender.Dispose();
        _stopping.Dispose();
    }

    [LoggerMessage(1807, LogLevel.Information, "The rights to send to webhook receivers could not be given up; other nodes go on when they end", EventName = "WebhooksNotReleased")]
    private static partial void LogNotReleased(ILogger logger);
}
