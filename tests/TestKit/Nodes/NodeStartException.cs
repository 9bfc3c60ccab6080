namespace Fanout.Tests.TestKit.Nodes;

/// <summary>A node ended, or was never ready. <paramref name="exitCode"/> is null where it still ran.</summary>
public sealed class NodeStartException(string what, int? exitCode, string logs)
    : Exception($"{what}{Environment.NewLine}{logs}")
{
    public int? ExitCode { get; } = exitCode;

    /// <summary>Everything that the node wrote, as far as it was kept.</summary>
    public string Logs { get; } = logs;
}
