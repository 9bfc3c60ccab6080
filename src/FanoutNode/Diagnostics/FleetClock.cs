namespace Fanout.Node.Diagnostics;

/// <summary>
/// The time that all nodes share: Redis's, as far as this node knows it. What one node stamps and another one measures would otherwise be
/// off by the difference of their clocks.
/// </summary>
/// <remarks>
/// Learnt from the replies of the lease's renewal, every few seconds: Redis read its clock at some moment between the sending and the reply. Until
/// then, and without Redis, it is the machine's own clock. Thread-safe.
/// </remarks>
internal sealed class FleetClock(TimeProvider time)
{
    private const double MicrosecondsPerSecond = 1_000_000;

    private readonly Lock _gate = new();
    private readonly double _perTick = MicrosecondsPerSecond / time.TimestampFrequency;

    // From this machine's monotonic clock to Redis's Unix time, in microseconds; 0: not known. Set as a whole.
    private long _ahead;

    /// <summary>Unix time in milliseconds, for stamps.</summary>
    public long UnixMilliseconds => Microseconds / 1000;

    /// <summary>Unix time in microseconds.</summary>
    public long Microseconds => Volatile.Read(ref _ahead) is var ahead && ahead == 0
        ? time.GetUtcNow().Ticks / TimeSpan.TicksPerMicrosecond - DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerMicrosecond
        : Local(time.GetTimestamp()) + ahead;

    /// <summary>Redis told its time.</summary>
    /// <param name="sent">Timestamp of before the command was sent.</param>
    /// <param name="received">Timestamp of after its reply came.</param>
    /// <param name="microseconds">What Redis said, Unix time.</param>
    public void Learn(long sent, long received, long microseconds)
    {
        var (least, most) = (microseconds - Local(received), microseconds - Local(sent));
        lock (_gate)
        {
            // A reply that the estimate does not contradict changes nothing: slow replies must not shake what quick ones told.
            if (_ahead == 0 || _ahead < least || _ahead > most)
                Volatile.Write(ref _ahead, least + ((most - least) / 2));
        }
    }

    private long Local(long timestamp) => (long)(timestamp * _perTick);
}
