using Fanout.Node.Diagnostics;

namespace Fanout.Node.Limits;

/// <summary>Bounds the bytes of the publishes by HTTP that are under way in this node. Thread-safe.</summary>
internal sealed class BytesInFlight(LimitsOptions limits, FanoutMetrics metrics)
{
    private long _bytes;

    /// <summary>
    /// Whether a publish of this size would be taken if it were here: so that it need not be read to be refused. Nothing is taken in, for
    /// it may come slowly, or never.
    /// </summary>
    public bool HasRoomFor(long bytes) => Fits(Volatile.Read(ref _bytes), bytes);

    /// <summary>
    /// Takes in what more has come of a publish. One alone is taken however large it is, for it has a limit of its own.
    /// </summary>
    /// <param name="held">What it has been taken in with.</param>
    /// <param name="size">What it has become. Where this returns <see langword="false"/>, it is still held with <paramref name="held"/> alone.</param>
    public bool TryGrow(long held, long size)
    {
        var more = size - held;
        if (Fits(Interlocked.Add(ref _bytes, more) - size, size))
            return true;
        Leave(more);
        return false;
    }

    public void Leave(long bytes) => Interlocked.Add(ref _bytes, -bytes);

    private bool Fits(long others, long size)
    {
        if (limits.MaxApiBytesInFlight == 0 || others <= 0 || others + size <= limits.MaxApiBytesInFlight)
            return true;
        metrics.Limited("api_bytes");
        return false;
    }
}
