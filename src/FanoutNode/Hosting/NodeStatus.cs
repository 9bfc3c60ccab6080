using System.Reflection;
using Fanout.Node.Backplane;
using Fanout.Node.Connections;
using Fanout.Node.Drain;

namespace Fanout.Node.Hosting;

/// <summary>What this node tells of itself.</summary>
internal sealed class NodeStatus(NodeIdentity identity, ConnectionRegistry connections, DrainState drain, TimeProvider time) : INodeStatus
{
    private readonly DateTimeOffset _started = time.GetUtcNow();

    public static string Version { get; } =
        typeof(NodeStatus).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";

    /// <summary>Set once the rooms exist: they need the backplane, which needs this.</summary>
    public Func<long> RoomCount { get; set; } = () => 0;

    public NodeInfo Describe(string nodeId, BackplaneState state) => new(
        nodeId, identity.Name, Version, _started, connections.Count, RoomCount(), state.ToWire(), drain.IsDraining);
}
