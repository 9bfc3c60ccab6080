namespace Fanout.Node.Limits;

/// <summary>
/// So many new connections a second. Whoever comes too early is given a place in a queue that exists in numbers only: each place is one
/// interval behind the one before, so that a storm of refused clients that keep to it comes back at the rate at which it is let in.
/// </summary>
/// <remarks>Thread-safe. The n-th of a storm is told n / rate seconds, and a part of a second more by chance.</remarks>
internal sealed class ConnectionRate(int perSecond, TimeProvider time)
{
    // Nobody is told to wait for longer; who would be is spread over the second half of it.
    private const double LongestWaitSeconds = 60;

    private readonly Lock _gate = new();
    private readonly long _start = time.GetTimestamp();
    private TokenBucket _tokens = new(perSecond, 0);
    private double _lastPlace;

    /// <summary>Takes one connection in, or says after how many whole seconds it should come again: 1 or more.</summary>
    public bool TryTake(out int retryAfterSeconds)
    {
        retryAfterSeconds = 0;
        lock (_gate)
        {
            var nowMs = (long)time.GetElapsedTime(_start).TotalMilliseconds;
            if (_tokens.TryTake(perSecond, perSecond, nowMs, out _))
                return true;
            var now = nowMs / 1000d;
            _lastPlace = Math.Max(_lastPlace, now) + (1d / perSecond);
            var wait = _lastPlace - now;
            if (wait > LongestWaitSeconds)
            {
                // The queue does not grow without end: these will be refused again, and then have places nearer by.
                _lastPlace = now + LongestWaitSeconds;
                wait = LongestWaitSeconds * (1 + Random.Shared.NextDouble()) / 2;
            }

            // Whole seconds are all that Retry-After can say; by chance the one before or behind, so that no second is met by all at its beginning.
            retryAfterSeconds = Math.Max(1, (int)Math.Floor(wait + Random.Shared.NextDouble()));
            return false;
        }
    }
}
