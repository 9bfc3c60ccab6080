namespace Fanout.Node.Lanes;

/// <summary>
/// Lets a lane that is behind wait a moment for messages that are on their way before it begins a round, so that one send to each member
/// carries more of them. A lane that keeps up never waits.
/// </summary>
/// <remarks>
/// A send costs the kernel about the same for one message as for twenty. Under a full load a lane that starts at once finds half of the
/// messages only, the other half while it sends, and so on for ever: twice the sends. Measured with a saturated room of 1,000 (bench,
/// 2 cores): with the wait 20 to 25 % more deliveries, 20 % less CPU for each, and a lower p50 and p99.
/// </remarks>
internal struct LanePace(TimeProvider time)
{
    // Shorter rounds are not worth a wait: what it could save is less than a thread's wake-up costs.
    private static readonly TimeSpan LongRound = TimeSpan.FromMicroseconds(300);

    // At most this part of the last round's time, so that a wait for nothing costs at most 12 % of the speed...
    private const int Part = 8;

    // ...and never more than anybody would notice.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMicroseconds(250);

    private readonly long _longRound = ToTicks(time, LongRound);
    private readonly long _longestWait = ToTicks(time, LongestWait);
    private long _begun;
    private long _ended;
    private long _waitsUntil;
    private int _expected;

    /// <summary>Whether to look again soon instead of beginning the round now.</summary>
    /// <param name="waiting">Messages in the inbox.</param>
    public bool WaitsForMore(int waiting)
    {
        if (waiting == 0 || waiting >= _expected)
            return false;
        var last = _ended - _begun;
        if (last < _longRound)
            return false;
        var now = time.GetTimestamp();
        if (_waitsUntil == 0)
        {
            // It was idle for longer than it was busy: it keeps up.
            if (now - _ended > last)
                return false;
            _waitsUntil = now + Math.Min(last / Part, _longestWait);
        }

        return now < _waitsUntil;
    }

    /// <summary>A round begins.</summary>
    public void Begin(int waiting)
    {
        _waitsUntil = 0;
        // As many as lately came together; forgotten slowly, since rounds with little come in between.
        _expected = Math.Max(waiting, _expected - Math.Max(1, _expected / 8));
        _begun = time.GetTimestamp();
    }

    /// <summary>The round is over.</summary>
    public void End() => _ended = time.GetTimestamp();

    private static long ToTicks(TimeProvider time, TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);
}
