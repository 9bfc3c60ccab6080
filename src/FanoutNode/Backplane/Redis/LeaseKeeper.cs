namespace Fanout.Node.Backplane.Redis;

/// <summary>Renews this node's lease and, when it may, looks for nodes whose lease ran out.</summary>
internal sealed partial class LeaseKeeper(
    RedisLink link,
    RedisKeys keys,
    NodeIdentity node,
    RedisNodeDirectory directory,
    NodeReaper reaper,
    LeaseOptions options,
    Func<NodeInfo> describe,
    TimeProvider time,
    ILogger<LeaseKeeper> logger)
{
    private static readonly RedisScript Renew = RedisScript.Named("lease_renew");

    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;
    private long _unbrokenSince = -1;

    public void Start() => _running = RunAsync(_stopping.Token);

    /// <summary>Gives the lease up: nobody needs to reap a node that left clean.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await link.Database.KeyDeleteAsync(keys.Node(node.Id));
        await link.Database.KeyDeleteAsync(keys.NodeRooms(node.Id));
        await link.Database.KeyDeleteAsync(keys.NodeClients(node.Id));
        await link.Database.SortedSetRemoveAsync(keys.Nodes, node.Id);
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

            await Task.Delay(options.Renew, time, stopping);
        }
    }

    private async Task BeatAsync(CancellationToken stopping)
    {
        await directory.WriteAsync(describe());
        var reply = (long[])(await Renew.RunAsync(link.Database, [keys.Nodes], node.Id))!;
        var (now, before) = (reply[0], reply[1]);
        var expiry = (long)options.Expire.TotalMilliseconds;
        if (before < 0 || now - before > expiry)
            _unbrokenSince = -1;
        if (_unbrokenSince < 0)
            _unbrokenSince = now;

        // After a pause of Redis all leases look dead. Only who has seen one whole expiry pass with its own renewals in it can tell a
        // dead node from a paused Redis.
        if (now - _unbrokenSince >= expiry)
            await reaper.ReapAsync(stopping);
    }

    [LoggerMessage(1250, LogLevel.Warning, "The node's lease could not be renewed: {Reason}", EventName = "LeaseMissed")]
    private static partial void LogMissed(ILogger logger, string reason);
}
