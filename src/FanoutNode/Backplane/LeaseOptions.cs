namespace Fanout.Node.Backplane;

/// <summary>Settings under <c>Fanout:Lease</c>: how a node says that it lives.</summary>
internal sealed class LeaseOptions
{
    /// <summary>How often a node renews its lease.</summary>
    public TimeSpan Renew { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A lease that is older is dead, and its members are removed. Too short: a pause of Redis or of a node costs its members; too long:
    /// ghosts stay. At least twice the renewal.
    /// </summary>
    public TimeSpan Expire { get; set; } = TimeSpan.FromSeconds(15);
}
