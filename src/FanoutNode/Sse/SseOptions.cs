namespace Fanout.Node.Sse;

/// <summary>Settings under <c>Fanout:Sse</c>.</summary>
internal sealed class SseOptions
{
    /// <summary>
    /// After what time a browser whose stream ended comes back (<c>retry:</c>); each stream is told a time between half of it and one and a half
    /// of it. A browser does not back off by itself. Too short, and the streams of a node that died fall on the others at once; too long, and
    /// they must be given more history.
    /// </summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(3);
}
