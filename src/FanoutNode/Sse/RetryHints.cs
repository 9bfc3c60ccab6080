namespace Fanout.Node.Sse;

/// <summary>How long browsers are told to wait before they connect again, in milliseconds. A browser keeps to the hint as it is, so the spread is in the hint.</summary>
internal sealed class RetryHints(SseOptions options)
{
    // The moments at which a drain ends streams are spread already; this only keeps two that end together apart.
    private const int AfterDrainMs = 1_000;

    // Whoever could not join, for the backplane is away, has nothing to win by coming back at once.
    private const int ShortestAfterTroubleMs = 5_000;
    private const int LongestAfterTroubleMs = 15_000;

    /// <summary>For a stream that begins, should it be cut.</summary>
    public long Ordinary()
    {
        var delay = options.RetryDelay.TotalMilliseconds;
        return (long)(delay * (0.5 + Random.Shared.NextDouble()));
    }

    /// <summary>For a stream that a drain ends.</summary>
    public static long AfterDrain() => Random.Shared.Next(1, AfterDrainMs);

    /// <summary>For a stream that ends because a room could not be joined now.</summary>
    public static long AfterTrouble() => Random.Shared.Next(ShortestAfterTroubleMs, LongestAfterTroubleMs);

    /// <summary>For a browser that was refused for so many seconds.</summary>
    public static long AfterRefusal(int seconds) => (seconds * 1_000L) + Random.Shared.Next(1_000);
}
