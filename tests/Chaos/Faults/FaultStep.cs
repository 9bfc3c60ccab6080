namespace Fanout.Tests.Chaos.Faults;

/// <summary>One fault of the schedule.</summary>
/// <param name="Calm">How long nothing happens at this place before.</param>
/// <param name="Lasts">How long the fault lasts, where it is one that does.</param>
/// <param name="Slot">Which node, where it is about one.</param>
/// <param name="Variant">Decides what else there is to choose.</param>
public sealed record FaultStep(FaultKind Kind, TimeSpan Calm, TimeSpan Lasts, int Slot, int Variant)
{
    public override string ToString() => Kind.Place() == FaultPlace.Node ? $"{Kind} at slot {Slot + 1}, {Lasts.TotalSeconds:0.0} s" : $"{Kind}, {Lasts.TotalSeconds:0.0} s";
}
