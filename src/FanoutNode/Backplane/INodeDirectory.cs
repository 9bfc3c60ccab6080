namespace Fanout.Node.Backplane;

/// <summary>Which nodes live, by their leases.</summary>
internal interface INodeDirectory
{
    /// <exception cref="BackplaneUnavailableException">The backplane cannot be asked.</exception>
    ValueTask<IReadOnlyList<NodeInfo>> ListAsync();

    /// <summary>A connection by its id, on whatever node; null where none is known: of one that is in no room its own node alone knows.</summary>
    /// <exception cref="BackplaneUnavailableException">The backplane cannot be asked.</exception>
    ValueTask<RoomMember?> FindConnectionAsync(string clientId) => ValueTask.FromResult<RoomMember?>(null);
}

/// <param name="Id">Name and incarnation.</param>
/// <param name="Backplane">The node's own view: <c>healthy</c> or <c>degraded</c>.</param>
internal sealed record NodeInfo(
    string Id, string Name, string Version, DateTimeOffset Started, long Connections, long Rooms, string Backplane, bool Draining);

/// <summary>What a node tells of itself with each beat.</summary>
internal interface INodeStatus
{
    NodeInfo Describe(string nodeId, BackplaneState state);
}
