using Fanout.Node.Diagnostics;

namespace Fanout.Node.Limits;

/// <summary>Bounds the bytes of the publishes by HTTP that are under way in this node. Thread-safe.</summary>
internal sealed class BytesInFlight(LimitsOptions limits, FanoutMetrics metrics)
{
    private long _bytes;

    /// <summary>Takes a publish in; one alone is taken however large it is, for it has a limit of its own.</summary>
    public bool TryEnter(long bytes)
    {
        var before = Interlocked.Add(ref _bytes, bytes) - bytes;
        if (limits.MaxApiBytesInFlight == 0 || before <= 0 || before + bytes <= limits.MaxApiBytesInFlight)
            return true;
        Leave(bytes);
        metrics.Limited("api_bytes");
        return false;
    }

    public void Leave(long bytes) => Interlocked.Add(ref _bytes, -bytes);
}
