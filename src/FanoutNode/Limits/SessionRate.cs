namespace Fanout.Node.Limits;

/// <summary>How often and how much one client may send, and how long it has kept on sending over that. Used by its reader alone.</summary>
internal sealed class SessionRate(LimitsOptions limits, long now, long inflatedBytesPerSecond = 0)
{
    // A client that goes on for so long in spite of being refused is not going to learn (close code 4003).
    private const long AbuseAfterMs = 10_000;

    // Refusals further apart than this belong to different bursts.
    private const long BurstGapMs = 1_000;

    // Where a connection may be in any number of rooms, still so many joins are free.
    private const int JoinsWithoutALimit = 1_000;

    private static readonly LimitsOptions None = new() { MessagesPerSecond = 0, BytesPerSecond = 0, MaxRoomsPerConnection = 0 };

    private TokenBucket _messages = new(limits.MessageBurst, now);
    private TokenBucket _pings = new(limits.MessageBurst, now);
    private TokenBucket _bytes = new(BytesBurst(limits), now);
    private TokenBucket _inflated = new(InflatedBurst(limits, inflatedBytesPerSecond), now);
    private int _freeJoins = limits.MaxRoomsPerConnection > 0 ? limits.MaxRoomsPerConnection : JoinsWithoutALimit;
    private long _refusingSince;
    private long _lastRefusal = long.MinValue / 2;

    /// <summary>Lets everything through: for operators, who may publish by the API as much as they like anyway.</summary>
    public static SessionRate Unlimited(long now) => new(None, now);

    /// <summary>Takes one message in. Else says when to try again, and whether the client has abused the limit for too long.</summary>
    public bool TryTake(long nowMs, out long retryAfterMs, out bool abused) =>
        Judge(_messages.TryTake(limits.MessagesPerSecond, limits.MessageBurst, nowMs, out retryAfterMs), nowMs, out abused);

    /// <summary>
    /// The same for a WebSocket ping. Pings are no messages and do not count as such: a client at its message rate must still learn that the node
    /// is there.
    /// </summary>
    public bool TryTakePing(long nowMs, out long retryAfterMs, out bool abused) =>
        Judge(_pings.TryTake(limits.MessagesPerSecond, limits.MessageBurst, nowMs, out retryAfterMs), nowMs, out abused);

    /// <summary>The same for a join: as many as there may be rooms do not count, since a client that comes back joins all of its rooms at once.</summary>
    public bool TryTakeJoin(long nowMs, out long retryAfterMs, out bool abused)
    {
        if (_freeJoins == 0)
            return TryTake(nowMs, out retryAfterMs, out abused);
        _freeJoins--;
        (retryAfterMs, abused) = (0, false);
        return true;
    }

    /// <summary>Takes so many bytes in: before they are looked at.</summary>
    public bool TryTakeBytes(int count, long nowMs, out long retryAfterMs, out bool abused) =>
        Judge(_bytes.TryTake(limits.BytesPerSecond, BytesBurst(limits), nowMs, out retryAfterMs, count), nowMs, out abused);

    /// <summary>
    /// Takes a compressed message in before it is inflated: its bytes on the wire, and one message. What it inflates to is not known yet, so it needs
    /// only that the sender has no debt; <see cref="ChargeInflated"/> follows.
    /// </summary>
    /// <param name="limit">Which limit refuses it.</param>
    public bool TryTakeCompressed(int wireBytes, long nowMs, out string limit, out long retryAfterMs, out bool abused)
    {
        limit = "bytes";
        if (!TryTakeBytes(wireBytes, nowMs, out retryAfterMs, out abused))
            return false;
        limit = "inflated_bytes";
        if (!Judge(_inflated.HasAny(inflatedBytesPerSecond, InflatedBurst(limits, inflatedBytesPerSecond), nowMs, out retryAfterMs), nowMs, out abused))
            return false;
        limit = "messages";
        return TryTake(nowMs, out retryAfterMs, out abused);
    }

    /// <summary>Counts what came out, behind <see cref="TryTakeCompressed"/>; what is too much is refused to the messages that follow.</summary>
    public void ChargeInflated(int wireBytes, int inflatedBytes)
    {
        _inflated.Charge(inflatedBytes);
        if (limits.BytesPerSecond > 0)
            _bytes.Charge(Math.Max(0, inflatedBytes - wireBytes));
    }

    /// <summary>The message just taken is a join, which does not count while there are free ones.</summary>
    public void CountAsJoin()
    {
        if (_freeJoins == 0)
            return;
        _freeJoins--;
        _messages.Refund(1);
    }

    private static long InflatedBurst(LimitsOptions limits, long perSecond) => Math.Max(perSecond, limits.MaxMessageBytes > 0 ? limits.MaxMessageBytes : int.MaxValue);

    // A message of the largest size passes at any rate, or it never would.
    private static long BytesBurst(LimitsOptions limits) => Math.Max(limits.BytesPerSecond, limits.MaxMessageBytes > 0 ? limits.MaxMessageBytes : int.MaxValue);

    private bool Judge(bool taken, long nowMs, out bool abused)
    {
        abused = false;
        if (taken)
            return true;
        if (nowMs - _lastRefusal > BurstGapMs)
            _refusingSince = nowMs;
        _lastRefusal = nowMs;
        abused = nowMs - _refusingSince >= AbuseAfterMs;
        return false;
    }
}
