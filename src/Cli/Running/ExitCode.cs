namespace Fanout.Cli.Running;

/// <summary>What the tool ends with; the list is in docs/cli.md, and scripts rely on it.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The service refused or failed, a check failed, messages were lost.</summary>
    public const int Failed = 1;

    /// <summary>The command line makes no sense; nothing was sent.</summary>
    public const int Usage = 2;

    /// <summary>The key or the token is missing, wrong, or may not do this.</summary>
    public const int Refused = 3;

    /// <summary>Nobody answers, or nobody that is known.</summary>
    public const int Unreachable = 4;

    /// <summary>The service answers that it cannot now; the same command may succeed later.</summary>
    public const int TryLater = 5;

    /// <summary>Ended by Ctrl+C (128 + SIGINT), as shells count.</summary>
    public const int Interrupted = 130;

    /// <summary>Ended by SIGTERM.</summary>
    public const int Terminated = 143;
}
