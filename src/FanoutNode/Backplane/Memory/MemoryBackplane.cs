using Fanout.Node.Rooms;
using Fanout.Node.Webhooks;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Backplane.Memory;

/// <summary>The backplane of a single node: everything in this process, nothing kept over a restart.</summary>
internal sealed class MemoryBackplane : IBackplane, IRoomLog, INodeDirectory
{
    private readonly MemoryBroker _broker;
    private readonly INodeStatus _status;
    private readonly NodeIdentity _identity;
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time;
    private IBackplaneListener? _listener;
    private ITimer? _sweeper;

    public MemoryBackplane(NodeIdentity identity, MemoryBroker broker, RoomPolicies policies, INodeStatus status, TimeProvider time, WebhookPlan? webhooks = null)
    {
        if (webhooks is { IsOn: true })
            broker.Webhooks ??= new MemoryWebhookQueue(webhooks, broker, policies, time);
        _time = time;
        _identity = identity;
        _broker = broker;
        _status = status;
        Membership = new MemoryMembership(identity.Id, broker, policies);
    }

    public string NodeName => _identity.Name;

    public string NodeId => _identity.Id;

    public BackplaneState State => BackplaneState.Healthy;

    public IMembership Membership { get; }

    public IRoomLog Log => this;

    public INodeDirectory Nodes => this;

    public IControl Control => _broker.Control;

    public IRevocations Revocations => _broker.Control;

    public IWebhookQueue? Webhooks => _broker.Webhooks;

    public void Start(IBackplaneListener listener)
    {
        _listener = listener;
        _broker.AddNode(NodeId, () => _status.Describe(NodeId, State));
        _broker.Control.Add(NodeId, listener);
        Subscribe(RoomName.All);
        _sweeper = _time.CreateTimer(_ => _broker.Sweep(), null, SweepInterval, SweepInterval);
    }

    public ValueTask SubscribeAsync(string room)
    {
        Subscribe(room);
        return ValueTask.CompletedTask;
    }

    public void Unsubscribe(string room) => _broker.With(room, found => found.Subscribers.Remove(_listener!));

    public ValueTask<PublishResult> PublishAsync(Publication publication) =>
        ValueTask.FromResult(_broker.With(publication.Room, room => room.Publish(publication)));

    // Publishing calls the listeners under the room's lock, and they take locks under which they read: reading takes the room's lock off the
    // caller's stack, or the two would wait for each other.
    public async ValueTask<LogPage> ReadAsync(string room, RoomPolicy policy, long from, int count)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return _broker.With(room, found => found.Read(policy, from, count));
    }

    public async ValueTask<RoomPosition> RewindAsync(string room, RoomPolicy policy, string brokenEpoch)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return _broker.With(room, found => found.Rewind(policy, brokenEpoch));
    }

    public ValueTask<IReadOnlyList<NodeInfo>> ListAsync() => ValueTask.FromResult(_broker.Nodes);

    public ValueTask StopAsync(CancellationToken cancellation)
    {
        _broker.RemoveNode(NodeId);
        _broker.Control.Remove(NodeId);
        foreach (var room in _broker.OccupiedRooms().ToList())
        {
            _broker.With(room.Room, found =>
            {
                if (found.LeaveAllOf(NodeId) && found.Members.Count == 0)
                    _broker.LastSeen.Note(room.Room);
                return true;
            });
        }


        Unsubscribe(RoomName.All);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _sweeper?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Subscribe(string room) => _broker.With(room, found =>
    {
        if (!found.Subscribers.Contains(_listener!))
            found.Subscribers.Add(_listener!);
        return true;
    });
}
