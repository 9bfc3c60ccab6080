using Fanout.Node.Backplane;

namespace Fanout.Node.Webhooks;

/// <summary>
/// Sends one receiver its events, in the queue's order, while no other node does: 1 take the turn -> 2 send what the receiver wants of it ->
/// 3 go on behind it, or leave it for another try.
/// </summary>
internal sealed partial class WebhookSender(WebhookEndpoint endpoint, IWebhookQueue queue, TimeProvider time, WebhookMetrics metrics, ILogger logger) : IDisposable
{
    // An event that the receiver refuses for what it is: it may have been a moment's mistake, but others wait behind it.
    private const int TriesOfRefused = 3;

    private static readonly TimeSpan IdlePause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan HeldPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(2);

    private readonly WebhookRequest _request = new(endpoint, time);
    private int _limit = endpoint.Options.BatchSize;

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var pause = await TryTurnAsync(stopping);
            if (pause > TimeSpan.Zero)
                await Task.Delay(pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose() => _request.Dispose();

    private async Task<TimeSpan> TryTurnAsync(CancellationToken stopping)
    {
        try
        {
            return await DoTurnAsync(stopping);
        }
        catch (BackplaneUnavailableException)
        {
            return FaultPause; // The state of the backplane tells of it.
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return TimeSpan.Zero;
        }
        catch (Exception e)
        {
            // A bug; but a receiver that hears nothing any more would be worse than one that hears late.
            LogBroken(logger, e, endpoint.Name);
            return FaultPause;
        }
    }

    private async Task<TimeSpan> DoTurnAsync(CancellationToken stopping)
    {
        // 1
        var turn = await queue.TakeAsync(endpoint, _limit);
        if (!turn.IsOurs)
            return HeldPause;
        if (turn.Lost > 0)
        {
            metrics.Lost(endpoint.Name, turn.Lost);
            LogLost(logger, turn.Lost, endpoint.Name);
        }

        if (turn.Wait > TimeSpan.Zero)
            return turn.Wait < HeldPause ? turn.Wait : HeldPause;
        if (turn.Events.Count == 0)
            return IdlePause;

        // 2
        var wanted = turn.Events.Where(endpoint.Wants).ToList();
        if (wanted.Count == 0)
        {
            await queue.FinishAsync(endpoint, turn, 0, [], "");
            return TimeSpan.Zero;
        }

        var began = time.GetTimestamp();
        var reply = await _request.SendAsync(wanted, turn.Attempts + 1, stopping);
        metrics.Requested(endpoint.Name, time.GetElapsedTime(began));

        // 3
        return reply.Error is null ? await SucceedAsync(turn, wanted.Count) : await FailAsync(turn, wanted, reply);
    }

    private async Task<TimeSpan> SucceedAsync(WebhookTurn turn, int sent)
    {
        metrics.Delivered(endpoint.Name, sent);
        if (turn.Attempts > 0)
            LogWorks(logger, endpoint.Name);
        _limit = Math.Min(_limit * 2, endpoint.Options.BatchSize);
        await queue.FinishAsync(endpoint, turn, sent, [], "");
        return TimeSpan.Zero;
    }

    private async Task<TimeSpan> FailAsync(WebhookTurn turn, List<QueuedEvent> wanted, WebhookReply reply)
    {
        metrics.Failed(endpoint.Name);
        if (reply.IsRefusal && turn.Events.Count > 1)
        {
            // One of them may be what it does not take: send them one by one, so that no other shares its fate.
            _limit = 1;
            return TimeSpan.Zero;
        }

        var attempts = turn.Attempts + 1;
        if (attempts >= endpoint.Options.MaxAttempts || (reply.IsRefusal && turn.Refusals + 1 >= TriesOfRefused))
        {
            if (await queue.FinishAsync(endpoint, turn, 0, wanted, reply.Error!))
            {
                metrics.Dead(endpoint.Name, wanted.Count);
                LogDead(logger, wanted.Count, endpoint.Name, attempts, reply.Error!);
            }

            return TimeSpan.Zero;
        }

        if (attempts == 1)
            LogFailing(logger, endpoint.Name, reply.Error!);
        await queue.FailAsync(endpoint, turn, WebhookBackoff.After(attempts, endpoint.Options, reply.RetryAfter, Random.Shared), reply.IsRefusal, reply.Error!);
        return TimeSpan.Zero;
    }

    [LoggerMessage(1800, LogLevel.Warning, "The webhook receiver {Endpoint} does not take its events ({Reason}); they are tried again", EventName = "WebhookFailing")]
    private static partial void LogFailing(ILogger logger, string endpoint, string reason);

    [LoggerMessage(1801, LogLevel.Information, "The webhook receiver {Endpoint} takes its events again", EventName = "WebhookWorks")]
    private static partial void LogWorks(ILogger logger, string endpoint);

    [LoggerMessage(1802, LogLevel.Error, "{Count} events are dead for the webhook receiver {Endpoint} after {Attempts} tries ({Reason}); see GET /api/v1/webhooks/dead", EventName = "WebhookDead")]
    private static partial void LogDead(ILogger logger, int count, string endpoint, int attempts, string reason);

    [LoggerMessage(1803, LogLevel.Error, "Up to {Count} events were lost for the webhook receiver {Endpoint}: more than Fanout:WebhookQueue:MaxEvents were waiting", EventName = "WebhookLost")]
    private static partial void LogLost(ILogger logger, long count, string endpoint);

    [LoggerMessage(1804, LogLevel.Error, "Sending to the webhook receiver {Endpoint} failed in an unexpected way; it goes on", EventName = "WebhookSenderFailed")]
    private static partial void LogBroken(ILogger logger, Exception exception, string endpoint);
}
