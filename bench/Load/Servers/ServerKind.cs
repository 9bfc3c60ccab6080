using Fanout.Bench.Load.Protocols;

namespace Fanout.Bench.Load.Servers;

/// <summary>One way to run one server.</summary>
/// <param name="Name">As in tables and on the command line.</param>
/// <param name="NeedsRedis">Whether a Redis of its own is started for it.</param>
/// <param name="Nodes">Processes that members are spread over.</param>
internal sealed record ServerKind(string Name, Protocol Protocol, bool NeedsRedis, Func<StartContext, ServerProcess> Start, int Nodes = 1)
{
    /// <summary>Why it cannot be run here, if so.</summary>
    public Func<string?> Missing { get; init; } = () => null;
}

/// <summary>What a server is given at its start.</summary>
/// <param name="Root">Where the programs were built to.</param>
/// <param name="Work">A directory of its own.</param>
/// <param name="Log">Where its output goes.</param>
internal sealed record StartContext(string Root, string Repository, string Work, string Log, int Port, int RedisPort, int Node);
