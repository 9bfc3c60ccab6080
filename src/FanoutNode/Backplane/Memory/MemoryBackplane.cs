using Fanout.Shared.Rooms;

namespace Fanout.Node.Backplane.Memory;

/// <summary>The backplane of a single node: everything in this process, nothing kept over a restart.</summary>
internal sealed class MemoryBackplane : IBackplane, INodeDirectory
{
    private readonly MemoryBroker _broker;
    private readonly INodeStatus _status;
    private readonly NodeIdentity _identity;
    private IBackplaneListener? _listener;

    public MemoryBackplane(NodeIdentity identity, MemoryBroker broker, INodeStatus status)
    {
        _identity = identity;
        _broker = broker;
        _status = status;
        Membership = new MemoryMembership(identity.Id, broker);
    }

    public string NodeName => _identity.Name;

    public string NodeId => _identity.Id;

    public BackplaneState State => BackplaneState.Healthy;

    public IMembership Membership { get; }

    public INodeDirectory Nodes => this;

    public void Start(IBackplaneListener listener)
    {
        _listener = listener;
        _broker.AddNode(NodeId, () => _status.Describe(NodeId, State));
        Subscribe(RoomName.All);
    }

    public ValueTask SubscribeAsync(string room)
    {
        Subscribe(room);
        return ValueTask.CompletedTask;
    }

    public void Unsubscribe(string room) => _broker.With(room, found => found.Subscribers.Remove(_listener!));

    public ValueTask<PublishResult> PublishAsync(Publication publication)
    {
        var nodes = _broker.With(publication.Room, room =>
        {
            // Under the room's lock, so that all subscribers see one order. They only hand the message on.
            foreach (var subscriber in room.Subscribers)
                subscriber.OnMessage(room.Name, publication.Data.Span);
            return room.Subscribers.Count;
        });
        return ValueTask.FromResult(new PublishResult(PublishOutcome.Published, publication.MessageId, null, null, nodes));
    }

    public ValueTask<IReadOnlyList<NodeInfo>> ListAsync() => ValueTask.FromResult(_broker.Nodes);

    public ValueTask StopAsync(CancellationToken cancellation)
    {
        _broker.RemoveNode(NodeId);
        Unsubscribe(RoomName.All);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Subscribe(string room) => _broker.With(room, found =>
    {
        if (!found.Subscribers.Contains(_listener!))
            found.Subscribers.Add(_listener!);
        return true;
    });
}
