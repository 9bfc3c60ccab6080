using Fanout.Node.Diagnostics;

namespace Fanout.Node.Backplane.Redis;

/// <summary>The node's lease in Redis.</summary>
/// <remarks>
/// Two renew it: the keeper, at its interval, and the writer of members, before it writes under a lease that may have lapsed. A lapse is kept
/// until the keeper has been told of it, since the renewal after the one that found it finds an unbroken lease.
/// </remarks>
internal sealed class RedisLease(
    RedisLink link, RedisKeys keys, NodeIdentity node, RedisNodeDirectory directory, Func<NodeInfo> describe, LeaseOptions options, TimeProvider time, FleetClock clock) : ILease
{
    private static readonly RedisScript Renew = RedisScript.Named("lease_renew");

    private readonly Lock _gate = new();
    private string? _held;
    private string? _lapsed;
    private long _renewedAt;

    public Task Connected => link.Connected;

    /// <summary>Since the last renewal; null before the first.</summary>
    public TimeSpan? Age
    {
        get
        {
            lock (_gate)
                return _held is null ? null : time.GetElapsedTime(_renewedAt);
        }
    }

    public async Task<LeaseBeat> RenewAsync()
    {
        var renewing = RenewOnceAsync();
        var telling = TellAsync();
        var (id, now, continuity) = await renewing;
        await telling;
        var identity = link.ServerIdentity;
        lock (_gate)
        {
            if (_lapsed == id)
                continuity = LeaseContinuity.Lapsed;
            _lapsed = null;
        }

        return new LeaseBeat(now, continuity, identity);
    }

    /// <summary>Renews it if it may be near its end. Whoever has no lease is never missed, and nobody would look for its members.</summary>
    public async Task EnsureAsync()
    {
        lock (_gate)
        {
            if (_held == node.Id && time.GetElapsedTime(_renewedAt) < options.Expire / 2)
                return;
        }

        await RenewOnceAsync();
    }

    private async Task<(string Id, long Now, LeaseContinuity Continuity)> RenewOnceAsync()
    {
        var id = node.Id;
        // Before it is sent: what counts is when Redis saw it, and that is later.
        var sent = time.GetTimestamp();
        var reply = (long[])(await Renew.RunAsync(link.Database, [keys.Nodes], id))!;
        var (now, before) = (reply[0], reply[1]);
        clock.Learn(sent, time.GetTimestamp(), (now * 1000) + reply[2]);
        lock (_gate)
        {
            var continuity = _held != id ? LeaseContinuity.New
                : before < 0 || now - before > (long)options.Expire.TotalMilliseconds ? LeaseContinuity.Lapsed
                : LeaseContinuity.Unbroken;
            (_held, _renewedAt) = (id, sent);
            if (continuity == LeaseContinuity.Lapsed)
                _lapsed = id;
            return (id, now, continuity);
        }
    }

    // What the node tells of itself is for people. Redis refuses it when its memory is full, which must not cost the lease.
    private async Task TellAsync()
    {
        try
        {
            await directory.WriteAsync(describe());
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            link.Report(e);
        }
    }
}
