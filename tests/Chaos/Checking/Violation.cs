namespace Fanout.Tests.Chaos.Checking;

/// <param name="Where">Subscriber and room, or whatever else it is about.</param>
public sealed record Violation(ViolationKind Kind, string Where, TimeSpan? At, string Text)
{
    public override string ToString() => $"{(At is { } at ? $"{at.TotalSeconds,8:0.000} s  " : "")}{Kind}: {Where}: {Text}";
}
