namespace Fanout.Cli.Doctor;

internal enum Severity
{
    Ok,
    Skipped,
    Warning,
    Failure,
}

/// <summary>What one check found.</summary>
/// <param name="Area"><c>node</c> or <c>redis</c>.</param>
/// <param name="Check">Short and stable, for scripts.</param>
/// <param name="Text">What is so.</param>
/// <param name="Advice">What to do about it.</param>
internal sealed record Finding(string Area, string Check, Severity Severity, string Text, string? Advice = null);
