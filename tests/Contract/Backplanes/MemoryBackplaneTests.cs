using Fanout.Node.Backplane;
using Fanout.Node.Backplane.Memory;

namespace Fanout.Tests.Contract.Backplanes;

public sealed class MemoryBackplaneTests : BackplaneContract
{
    private readonly MemoryBroker _broker = new(TimeProvider.System);

    internal override IBackplane Create(string nodeName) =>
        new MemoryBackplane(new NodeIdentity(nodeName), _broker, Policies.All, new FakeStatus(nodeName), TimeProvider.System);

    internal override Task<IReadOnlyList<string>> TracesOfAsync(string nodeId)
    {
        var nodes = _broker.Nodes.Where(node => node.Id == nodeId).Select(node => node.Id);
        var members = _broker.OccupiedRooms().SelectMany(room => _broker.With(room.Room, found => found.Members.Values.ToList()))
            .Where(member => member.NodeId == nodeId).Select(member => member.ClientId);
        return Task.FromResult<IReadOnlyList<string>>([.. nodes, .. members]);
    }
}
