using Fanout.Node.Diagnostics;

namespace Fanout.Node.Backplane.Redis;

/// <summary>Probes at an interval, and tells from what the probes find whether the backplane is healthy.</summary>
internal sealed partial class BackplaneProbe(IProbe probe, HealthOptions options, TimeProvider time, FanoutMetrics metrics, ILogger<BackplaneProbe> logger)
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _soon = new(0, 1);
    private readonly Lock _gate = new();
    private Task _running = Task.CompletedTask;
    private int _state;

    public BackplaneState State => (BackplaneState)Volatile.Read(ref _state);

    /// <summary>Begins to probe.</summary>
    /// <param name="onChange">Told of each change of <see cref="State"/>.</param>
    public void Start(Action<BackplaneState> onChange) => _running = RunAsync(onChange, _stopping.Token);

    /// <summary>Something happened to a connection: probe now instead of at the next beat.</summary>
    public void Hurry()
    {
        lock (_gate)
        {
            if (_soon.CurrentCount == 0)
                _soon.Release();
        }
    }

    public async Task StopAsync(CancellationToken cancellation)
    {
        await _stopping.CancelAsync();
        // A probe that hangs must not hold up the end of the node.
        await _running.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync(Action<BackplaneState> onChange, CancellationToken stopping)
    {
        await probe.Connected.WaitAsync(stopping);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await ProbeAsync(onChange, stopping);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                // Without probes the node would keep its last state for ever, and take a dead subscription for a quiet one.
                LogFailed(logger, e);
            }

            await WaitAsync(stopping);
        }
    }

    private async Task ProbeAsync(Action<BackplaneState> onChange, CancellationToken stopping)
    {
        var result = await probe.ProbeAsync(stopping);
        if (stopping.IsCancellationRequested)
            return;
        // A subscription that works is kept when commands cannot be sent: what other nodes publish still arrives on it.
        if (result == ProbeResult.Lost)
            probe.DropSubscription();
        SetState(result, onChange);
    }

    private async Task WaitAsync(CancellationToken stopping)
    {
        // When the interval has passed, or the node stops, the loop looks.
        using var timeout = new CancellationTokenSource(options.ProbeInterval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping);
        await _soon.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void SetState(ProbeResult result, Action<BackplaneState> onChange)
    {
        var state = result == ProbeResult.Returned ? BackplaneState.Healthy : BackplaneState.Degraded;
        if (Interlocked.Exchange(ref _state, (int)state) == (int)state)
            return;
        metrics.BackplaneStateChanged(state);
        if (state == BackplaneState.Healthy)
            LogHealthy(logger);
        else
            LogDegraded(logger, Reason(result));
        onChange(state);
    }

    private static string Reason(ProbeResult result) => result switch
    {
        ProbeResult.NotSent => "no command reaches Redis",
        ProbeResult.NoSubscription => "there is no subscription connection",
        _ => "a probe did not come back",
    };

    [LoggerMessage(1270, LogLevel.Information, "The backplane is healthy", EventName = "BackplaneHealthy")]
    private static partial void LogHealthy(ILogger logger);

    [LoggerMessage(1271, LogLevel.Warning, "The backplane is degraded: {Reason}", EventName = "BackplaneDegraded")]
    private static partial void LogDegraded(ILogger logger, string reason);

    [LoggerMessage(1272, LogLevel.Error, "A probe of the backplane failed; the next one is sent at its time", EventName = "ProbeFailed")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
