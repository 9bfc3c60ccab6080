namespace Fanout.Client.Connection;

/// <summary>Exponential backoff with full jitter: each delay is drawn from 0 to a bound that doubles (docs/protocol.md, 12.3).</summary>
internal sealed class Backoff(TimeSpan min, TimeSpan max, Func<double> random)
{
    public int Failures { get; private set; }

    /// <summary>Counts a failure and draws the delay before the next try.</summary>
    public TimeSpan Next()
    {
        var bound = Math.Min(max.TotalMilliseconds, min.TotalMilliseconds * Math.Pow(2, Failures));
        Failures++;
        return TimeSpan.FromMilliseconds(Math.Round(random() * bound));
    }

    public void Reset() => Failures = 0;
}
