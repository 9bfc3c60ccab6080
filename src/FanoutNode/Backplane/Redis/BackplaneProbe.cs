using System.Globalization;
using Fanout.Node.Backplane.Redis.Subscriber;
using Fanout.Node.Diagnostics;
using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>
/// Sends a probe the way that messages go, from the command connection through Redis to the subscription connection, and waits for it. A
/// probe that does not come back means that messages do not either, whatever TCP says.
/// </summary>
internal sealed partial class BackplaneProbe(
    RedisLink link, RedisKeys keys, NodeIdentity node, HealthOptions options, TimeProvider time, FanoutMetrics metrics, ILogger<BackplaneProbe> logger)
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _soon = new(0, 1);
    private readonly Lock _gate = new();
    private TaskCompletionSource? _arrival;
    private long _number;
    private Task _running = Task.CompletedTask;
    private volatile string _channel = keys.Beat(node.Id);
    private int _state;

    public BackplaneState State => (BackplaneState)Volatile.Read(ref _state);

    /// <summary>The channel to subscribe to.</summary>
    public string Channel => _channel;

    /// <summary>The node took a new incarnation, and its channel is subscribed.</summary>
    public void UseChannel(string channel) => _channel = channel;

    /// <summary>Begins to probe.</summary>
    /// <param name="onChange">Told of each change of <see cref="State"/>.</param>
    /// <param name="subscriber">Carries the probes back; its connection is dropped when one is lost on it.</param>
    public void Start(Action<BackplaneState> onChange, RedisSubscriber subscriber) => _running = RunAsync(onChange, subscriber, _stopping.Token);

    /// <summary>A probe came back. On the subscription's read loop.</summary>
    public void OnArrived(ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            // An older probe that was thought lost says nothing about the connection of today.
            if (long.TryParse(data, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number == _number)
                _arrival?.TrySetResult();
        }
    }

    /// <summary>Something happened to a connection: probe now instead of at the next beat.</summary>
    public void Hurry()
    {
        lock (_gate)
        {
            if (_soon.CurrentCount == 0)
                _soon.Release();
        }
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync(Action<BackplaneState> onChange, RedisSubscriber subscriber, CancellationToken stopping)
    {
        await link.Connected.WaitAsync(stopping);
        while (!stopping.IsCancellationRequested)
        {
            // While it is being made there is nothing to probe, and nothing to drop.
            var isUp = subscriber.IsUp;
            var healthy = isUp && await TryProbeAsync(stopping);
            if (stopping.IsCancellationRequested)
                return;
            SetState(healthy ? BackplaneState.Healthy : BackplaneState.Degraded, onChange);
            if (isUp && !healthy)
                subscriber.Recycle();
            await WaitAsync(stopping);
        }
    }

    private async Task<bool> TryProbeAsync(CancellationToken stopping)
    {
        var arrival = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        long number;
        lock (_gate)
        {
            _arrival = arrival;
            number = ++_number;
        }

        var sent = time.GetTimestamp();
        try
        {
            var text = number.ToString(CultureInfo.InvariantCulture);
            var heard = await link.Database.PublishAsync(RedisChannel.Literal(Channel), text);
            if (heard == 0)
                return false; // Redis knows nobody who listens: no need to wait.
            await arrival.Task.WaitAsync(options.ProbeTimeout, time, stopping);
            metrics.ProbeReturned(time.GetElapsedTime(sent));
            return true;
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            return false;
        }
    }

    private async Task WaitAsync(CancellationToken stopping)
    {
        try
        {
            using var timeout = new CancellationTokenSource(options.ProbeInterval, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping);
            await _soon.WaitAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            // The interval passed, or the node stops: the loop looks.
        }
    }

    private void SetState(BackplaneState state, Action<BackplaneState> onChange)
    {
        if (Interlocked.Exchange(ref _state, (int)state) == (int)state)
            return;
        metrics.BackplaneStateChanged(state);
        if (state == BackplaneState.Healthy)
            LogHealthy(logger);
        else
            LogDegraded(logger);
        onChange(state);
    }

    [LoggerMessage(1270, LogLevel.Information, "The backplane is healthy", EventName = "BackplaneHealthy")]
    private static partial void LogHealthy(ILogger logger);

    [LoggerMessage(1271, LogLevel.Warning, "The backplane is degraded: a probe did not come back", EventName = "BackplaneDegraded")]
    private static partial void LogDegraded(ILogger logger);
}
