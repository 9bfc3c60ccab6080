namespace Fanout.Tests.Integration.Hostile;

/// <summary>Something that is done to a node by many at once, again and again.</summary>
/// <param name="Name">For the table.</param>
/// <param name="Connections">So many at a time.</param>
/// <param name="OneAsync">
/// One attacker, until its connection ends or it is told to stop; answers how it ended ("closed 4003"). Runs again at once, as a new one.
/// </param>
/// <param name="Expected">How attackers must end, some of them at least, if the node defends itself; null where it has nothing to end.</param>
internal sealed record Attack(string Name, int Connections, Func<Street, CancellationToken, Task<string>> OneAsync, string? Expected)
{
    /// <summary>Settings of the node for this one.</summary>
    public IReadOnlyList<(string Name, string? Value)> Settings { get; init; } = [];

    /// <summary>How the node counts that end, where an attacker may not see it: a close frame behind what was never read is lost with it.</summary>
    public string? Reason { get; init; }

    /// <summary>
    /// How many megabytes the node may grow by. Most of it is what the collector has not given back yet; unbounded growth would be gigabytes.
    /// </summary>
    public double MostGrowth { get; init; } = 200;

    /// <summary>Whether the end takes 10 s to come, since abuse of a rate is called so only then.</summary>
    public bool TakesLong => Expected == "closed 4003";

    public override string ToString() => Name;
}
