namespace Fanout.Cli.Running;

/// <summary>Ends the command with an exit code and words for its user.</summary>
/// <param name="message">What happened.</param>
/// <param name="hint">What to do about it.</param>
internal sealed class CliException(int exitCode, string message, string? hint = null, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;

    public string? Hint { get; } = hint;

    /// <summary>For programs: the service's own code, or one of the tool's (<c>usage</c>, <c>unreachable</c>).</summary>
    public string Code { get; init; } = exitCode switch
    {
        Running.ExitCode.Usage => "usage",
        Running.ExitCode.Refused => "unauthorized",
        Running.ExitCode.Unreachable => "unreachable",
        Running.ExitCode.TryLater => "unavailable",
        _ => "failed",
    };

    /// <summary>The HTTP status, where there is one.</summary>
    public int? Status { get; init; }

    public static CliException Usage(string message, string? hint = null) => new(Running.ExitCode.Usage, message, hint);
}
