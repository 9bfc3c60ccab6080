namespace Fanout.Node.Limits;

/// <summary>How often one client may send, and how long it has kept on sending over that. Used by its reader alone.</summary>
internal sealed class SessionRate(LimitsOptions limits, long now)
{
    // A client that goes on for so long in spite of being refused is not going to learn (close code 4003).
    private const long AbuseAfterMs = 10_000;

    // Refusals further apart than this belong to different bursts.
    private const long BurstGapMs = 1_000;

    private TokenBucket _messages = new(limits.MessageBurst, now);
    private long _refusingSince;
    private long _lastRefusal = long.MinValue / 2;

    /// <summary>Takes one message in. Else says when to try again, and whether the client has abused the limit for too long.</summary>
    public bool TryTake(long nowMs, out long retryAfterMs, out bool abused)
    {
        abused = false;
        if (_messages.TryTake(limits.MessagesPerSecond, limits.MessageBurst, nowMs, out retryAfterMs))
            return true;
        if (nowMs - _lastRefusal > BurstGapMs)
            _refusingSince = nowMs;
        _lastRefusal = nowMs;
        abused = nowMs - _refusingSince >= AbuseAfterMs;
        return false;
    }
}
