namespace Fanout.Node.Drain;

/// <summary>Settings under <c>Fanout:Drain</c>.</summary>
internal sealed class DrainOptions
{
    /// <summary>Kept back from the deadline: as much for leaving Redis clean as for Kestrel and the rest of the host.</summary>
    public static readonly TimeSpan Reserve = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The node spreads the closes of its connections over this time, so that the other nodes are not hit by all of them at once.
    /// </summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The window grows, as far as the deadline allows, where it would mean more closes a second than this: each is a connect to another node.
    /// 0: it does not grow.
    /// </summary>
    public int ClosesPerSecond { get; set; } = 1000;

    /// <summary>
    /// The node goes on answering for at least so long after its readiness failed, so that proxies notice before it stops listening: longer
    /// than their check's interval. Clients are asked to go only then, so that none is sent back here. 0 in the Development environment.
    /// </summary>
    public TimeSpan? Notice { get; set; }

    /// <summary>
    /// The node is gone after this time, whatever is left. Keep the container's grace period above it. At least <see cref="Reserve"/> longer than
    /// <see cref="Notice"/> and <see cref="Window"/> together.
    /// </summary>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(25);
}
