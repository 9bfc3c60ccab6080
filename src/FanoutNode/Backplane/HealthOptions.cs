namespace Fanout.Node.Backplane;

/// <summary>Settings under <c>Fanout:Health</c>.</summary>
internal sealed class HealthOptions
{
    /// <summary>
    /// Readiness fails after the backplane was degraded for so long: a blip must not take every node out of the proxy at once.
    /// </summary>
    public TimeSpan NotReadyAfter { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often every local room with history is compared with the backplane, beside the comparison after each lost connection.</summary>
    public TimeSpan CompareInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the node compares its members with what the backplane has of them.</summary>
    public TimeSpan AuditInterval { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>How often the node sends itself a probe through the backplane.</summary>
    public TimeSpan ProbeInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>A probe that has not come back after so long means that the subscription is dead, even on a live TCP connection.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(3);
}
