namespace Fanout.Node.Backplane.Redis;

/// <summary>
/// Renews this node's lease and, when it may, looks for nodes whose lease ran out. A node that finds its own lease lapsed, or Redis to be another
/// run, takes a new incarnation: somebody may have removed its members meanwhile.
/// </summary>
internal sealed partial class LeaseKeeper(
    RedisLink link,
    RedisKeys keys,
    NodeIdentity node,
    RedisNodeDirectory directory,
    NodeReaper reaper,
    LeaseOptions options,
    Func<NodeInfo> describe,
    Func<Task<string>> move,
    TimeProvider time,
    ILogger<LeaseKeeper> logger)
{
    private static readonly RedisScript Renew = RedisScript.Named("lease_renew");

    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _soon = new(0, 1);
    private readonly Lock _gate = new();
    private readonly Queue<(string Id, long Due)> _toSweep = new();
    private Task _running = Task.CompletedTask;
    private long _unbrokenSince = -1;
    private string? _identity;
    private bool _hadLease;

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
        await link.Connected.WaitAsync(stopping);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await BeatAsync(stopping);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                _unbrokenSince = -1;
                LogMissed(logger, e.Message);
            }

            await WaitAsync(stopping);
        }
    }

    private async Task BeatAsync(CancellationToken stopping)
    {
        var (now, before) = await RenewAsync();
        var expiry = (long)options.Expire.TotalMilliseconds;
        var identity = link.ServerIdentity;
        var lapsed = before < 0 || now - before > expiry;
        if (_hadLease && (lapsed || identity != _identity))
        {
            LogLapsed(logger, lapsed ? "its lease had lapsed" : "Redis is another run");
            await ReturnAsync(now + expiry, stopping);
            lapsed = true;
        }

        _hadLease = true;
        _identity = identity;
        if (lapsed || _unbrokenSince < 0)
            _unbrokenSince = now;

        // After a pause of Redis all leases look dead. Only who has seen one whole expiry pass with its own renewals in it can tell a
        // dead node from a paused Redis.
        if (now - _unbrokenSince >= expiry)
            await reaper.ReapAsync(stopping);
        while (_toSweep.TryPeek(out var next) && next.Due <= now && _toSweep.TryDequeue(out next))
            await reaper.RemoveAsync(next.Id, stopping);
    }

    // The new incarnation has its lease before its members are written, and the old one is taken away when they are.
    private async Task ReturnAsync(long sweepAt, CancellationToken stopping)
    {
        var old = await move();
        await RenewAsync();
        await reaper.RemoveAsync(old, stopping);
        // A command that was on its way when the node stopped may still write under the old id; look once more when that is over.
        _toSweep.Enqueue((old, sweepAt));
    }

    private async Task<(long Now, long Before)> RenewAsync()
    {
        await directory.WriteAsync(describe());
        var reply = (long[])(await Renew.RunAsync(link.Database, [keys.Nodes], node.Id))!;
        return (reply[0], reply[1]);
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
}
