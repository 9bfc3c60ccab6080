namespace Fanout.Node.Backplane.Redis;

/// <summary>
/// Renews this node's lease and, when it may, looks for nodes whose lease ran out. A node that finds its own lease lapsed, or Redis to be another
/// run, takes a new incarnation: somebody may have removed its members meanwhile.
/// </summary>
internal sealed partial class LeaseKeeper(
    ILease lease, NodeIdentity node, INodeReaper reaper, LeaseOptions options, Func<Task<string>> move, TimeProvider time, ILogger<LeaseKeeper> logger)
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _soon = new(0, 1);
    private readonly Lock _gate = new();
    private readonly List<(string Id, long Due)> _toSweep = [];
    private readonly long _expiry = (long)options.Expire.TotalMilliseconds;
    private Task _running = Task.CompletedTask;
    private Task<string>? _moving;
    private bool _mustMove;
    private long _unbrokenSince = -1;
    private string? _identity;

    public void Start() => _running = RunAsync(_stopping.Token);

    /// <summary>What the node tells of itself changed: tell it now instead of with the next beat.</summary>
    public void Hurry()
    {
        lock (_gate)
        {
            if (_soon.CurrentCount == 0)
                _soon.Release();
        }
    }

    /// <summary>Gives the lease up: nobody needs to reap a node that left clean.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Finds nothing after a clean drain; what a hurried one left behind would otherwise stay for ever, since no lease would end.
        await reaper.RemoveAsync(node.Id, cancellation);
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        await lease.Connected.WaitAsync(stopping);
        while (!stopping.IsCancellationRequested)
        {
            if (await TryBeatAsync() is { } now)
                await TryCleanAsync(now, stopping);
            await WaitAsync(stopping);
        }
    }

    private async Task<long?> TryBeatAsync()
    {
        try
        {
            var beat = await lease.RenewAsync();
            Judge(beat);
            await MoveOnAsync(beat.Now);
            return beat.Now;
        }
        catch (Exception e)
        {
            // Whatever it was: a node that stops renewing loses its members.
            _unbrokenSince = -1;
            LogMissed(logger, e.Message);
            return null;
        }
    }

    private void Judge(LeaseBeat beat)
    {
        var lapsed = beat.Continuity == LeaseContinuity.Lapsed;
        if (lapsed || (_identity is not null && beat.ServerIdentity != _identity))
        {
            LogLapsed(logger, lapsed ? "its lease had lapsed" : "Redis is another run");
            _mustMove = true;
        }

        if (_mustMove || beat.Continuity != LeaseContinuity.Unbroken || _unbrokenSince < 0)
            _unbrokenSince = beat.Now;
        _identity = beat.ServerIdentity;
    }

    // The members of a large node take a while to write under the new incarnation. The beats go on meanwhile, or its lease would lapse too.
    private async Task MoveOnAsync(long now)
    {
        if (_mustMove && _moving is null)
        {
            _mustMove = false;
            _moving = move();
            // On with the sweep as soon as it is done.
            if (!_moving.IsCompleted)
                _ = _moving.ContinueWith(_ => Hurry(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        if (_moving is not { IsCompleted: true } moved)
            return;
        _moving = null;
        _mustMove |= !moved.IsCompletedSuccessfully;
        var old = await moved;
        _toSweep.Add((old, now));
        // A command that was on its way when the node stopped may still write under the old id; look once more when that is over.
        _toSweep.Add((old, now + _expiry));
    }

    private async Task TryCleanAsync(long now, CancellationToken stopping)
    {
        try
        {
            foreach (var due in _toSweep.Where(sweep => sweep.Due <= now).ToList())
            {
                await reaper.RemoveAsync(due.Id, stopping);
                _toSweep.Remove(due);
            }

            // After a pause of Redis all leases look dead. Only who has seen one whole expiry pass with its own renewals in it can tell a
            // dead node from a paused Redis.
            if (now - _unbrokenSince >= _expiry)
                await reaper.ReapAsync(stopping);
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            LogNotCleaned(logger, e.Message);
        }
        catch (OperationCanceledException)
        {
            // The node stops; the others will do it.
        }
    }

    private async Task WaitAsync(CancellationToken stopping)
    {
        using var timeout = new CancellationTokenSource(options.Renew, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping);
        await _soon.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(1250, LogLevel.Warning, "The node's lease could not be renewed: {Reason}", EventName = "LeaseMissed")]
    private static partial void LogMissed(ILogger logger, string reason);

    [LoggerMessage(1251, LogLevel.Warning, "The node takes a new incarnation, because {Reason}; its members are written again", EventName = "LeaseLapsed")]
    private static partial void LogLapsed(ILogger logger, string reason);

    [LoggerMessage(1252, LogLevel.Warning, "What dead nodes left behind could not be removed ({Reason}); it is tried again", EventName = "ReapFailed")]
    private static partial void LogNotCleaned(ILogger logger, string reason);
}
