namespace Fanout.Node.Limits;

/// <summary>
/// A token bucket of 16 bytes: a rate for the long run and a burst for the moment. A struct in the connection, since a limiter object of
/// its own (System.Threading.RateLimiting) costs some hundred bytes and a timer for each connection.
/// </summary>
/// <remarks>Not thread-safe; used by the connection's reader alone. A rate of 0 lets everything through.</remarks>
internal struct TokenBucket(long burst, long now)
{
    private double _tokens = Math.Max(burst, 1);
    private long _lastMs = now;

    /// <summary>Whether there is any; for what shows its cost only when it is done. Else says after how many milliseconds there will be.</summary>
    public bool HasAny(long ratePerSecond, long burstSize, long nowMs, out long retryAfterMs)
    {
        retryAfterMs = 0;
        if (ratePerSecond <= 0)
            return true;
        Fill(ratePerSecond, burstSize, nowMs);
        if (_tokens > 0)
            return true;
        retryAfterMs = (long)Math.Ceiling((1 - _tokens) * 1000 / ratePerSecond);
        return false;
    }

    /// <summary>Takes so many even if there are fewer: the rest is a debt.</summary>
    public void Charge(long cost) => _tokens -= cost;

    /// <summary>Puts back what was taken for nothing.</summary>
    public void Refund(long cost) => _tokens += cost;

    /// <summary>Takes tokens if there are so many; else says after how many milliseconds there will be.</summary>
    /// <param name="cost">Not above the burst, or there never will be.</param>
    public bool TryTake(long ratePerSecond, long burstSize, long nowMs, out long retryAfterMs, long cost = 1)
    {
        retryAfterMs = 0;
        if (ratePerSecond <= 0)
            return true;
        Fill(ratePerSecond, burstSize, nowMs);
        if (_tokens >= cost)
        {
            _tokens -= cost;
            return true;
        }

        retryAfterMs = (long)Math.Ceiling((cost - _tokens) * 1000 / ratePerSecond);
        return false;
    }

    private void Fill(long ratePerSecond, long burstSize, long nowMs)
    {
        _tokens = Math.Min(Math.Max(burstSize, 1), _tokens + ((nowMs - _lastMs) * (double)ratePerSecond / 1000));
        _lastMs = nowMs;
    }
}
