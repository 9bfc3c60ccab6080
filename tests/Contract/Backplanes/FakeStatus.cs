using Fanout.Node.Backplane;

namespace Fanout.Tests.Contract.Backplanes;

/// <summary>What a node tells of itself, fixed.</summary>
internal sealed class FakeStatus(string name) : INodeStatus
{
    public static readonly DateTimeOffset Started = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public NodeInfo Describe(string nodeId, BackplaneState state) =>
        new(nodeId, name, "1.2.3", Started, Connections: 7, Rooms: 3, state.ToWire(), Draining: false);
}
