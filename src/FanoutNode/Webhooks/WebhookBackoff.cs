namespace Fanout.Node.Webhooks;

/// <summary>How long a receiver that fails is left alone.</summary>
internal static class WebhookBackoff
{
    // Apart from each other, where several receivers behind one proxy failed together.
    private const double Jitter = 0.2;

    /// <param name="attempts">Failures in a row, the last one too.</param>
    /// <param name="asked">What the receiver asked for by <c>Retry-After</c>.</param>
    public static TimeSpan After(int attempts, WebhookOptions options, TimeSpan? asked, Random random)
    {
        // As seconds until it is cut: many doublings are longer than a TimeSpan can be.
        var longest = options.LongestRetry.TotalSeconds;
        var own = Math.Min(options.FirstRetry.TotalSeconds * Math.Pow(2, attempts - 1), longest) * (1 - (Jitter * random.NextDouble()));
        // Never earlier than it asked, or it would ask again; as far as that is not longer than the longest.
        var pause = asked is { } least && least.TotalSeconds > own ? least.TotalSeconds * (1 + (Jitter * random.NextDouble())) : own;
        return TimeSpan.FromSeconds(Math.Min(pause, longest));
    }
}
