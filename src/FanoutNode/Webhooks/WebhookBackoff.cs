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
        var doubled = options.FirstRetry * Math.Pow(2, Math.Min(attempts - 1, 30));
        if (asked > doubled)
            doubled = asked.Value;
        if (doubled > options.LongestRetry)
            doubled = options.LongestRetry;
        return doubled * (1 - (Jitter * random.NextDouble()));
    }
}
