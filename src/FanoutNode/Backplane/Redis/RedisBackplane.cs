using Fanout.Node.Backplane.Redis.Subscriber;
using Fanout.Node.Diagnostics;
using Fanout.Node.Rooms;
using Fanout.Node.Webhooks;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Backplane.Redis;

/// <summary>The backplane of a fleet: puts the parts together and routes what comes from Redis.</summary>
internal sealed partial class RedisBackplane : IBackplane, IChannelListener
{
    private readonly NodeIdentity _node;
    private readonly TimeProvider _time;
    private readonly HealthOptions _health;
    private readonly RedisKeys _keys;
    private readonly RedisLink _link;
    private readonly RedisSubscriber _subscriber;
    private readonly RedisLink _publishLink;
    private readonly RedisPublisher _publisher;
    private readonly MembershipWriter _writer;
    private readonly LeaseKeeper _lease;
    private readonly RedisProbe _probe;
    private readonly RedisReport _report;
    private readonly BackplaneProbe _probing;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ILogger _logger;
    private IBackplaneListener _listener = null!;
    private ITimer? _audits;
    private Task _connecting = Task.CompletedTask;

    public RedisBackplane(
        NodeIdentity node,
        RedisOptions options,
        LeaseOptions lease,
        HealthOptions health,
        RoomPolicies policies,
        INodeStatus status,
        TimeProvider time,
        FanoutMetrics metrics,
        ILoggerFactory logs,
        UserOptions? users = null,
        FleetClock? clock = null,
        TelemetryOptions? telemetry = null,
        WebhookPlan? webhooks = null)
    {
        _node = node;
        _time = time;
        _health = health;
        _keys = new RedisKeys(options.Prefix);
        _logger = logs.CreateLogger<RedisBackplane>();
        _link = new RedisLink(options, "fanout:" + node.Id, time, logs.CreateLogger<RedisLink>());
        _subscriber = new RedisSubscriber(_link, this, time, logs.CreateLogger<RedisSubscriber>());
        _probe = new RedisProbe(_link, _subscriber, _keys.Beat(node.Id), health, time, metrics);
        _probing = new BackplaneProbe(_probe, health, time, metrics, logs.CreateLogger<BackplaneProbe>());
        _publishLink = options.MinReplicas > 0 ? new RedisLink(options, $"fanout:{node.Id}-pub", time, logs.CreateLogger<RedisLink>()) : _link;
        _publisher = new RedisPublisher(_publishLink, _keys, options.MinReplicas, options.CommandTimeout / 2, time, metrics, logs.CreateLogger<RedisPublisher>());
        Log = new RedisRoomLog(_link, _keys);
        webhooks ??= WebhookPlan.None;
        var marks = new WebhookMarks(_link, _keys, webhooks, policies);
        Webhooks = webhooks.IsOn ? new RedisWebhookQueue(_link, _keys, webhooks, marks, time) : null;
        var store = new MembershipStore(_link, _keys, policies, users ?? new UserOptions(), webhooks, time);
        var directory = new RedisNodeDirectory(_link, _keys, lease);
        var leaseInRedis = new RedisLease(_link, _keys, node, directory, () => status.Describe(node.Id, State), lease, time, clock ?? new FleetClock(time));
        metrics.ObserveLease(() => leaseInRedis.Age?.TotalSeconds, lease.Expire);
        metrics.ObserveSubscriptions(() => _subscriber.Wanted, () => _subscriber.Confirmed);
        _writer = new MembershipWriter(_link, _keys, node, store, marks, leaseInRedis, time, logs.CreateLogger<MembershipWriter>());
        Nodes = directory;
        Control = new RedisControl(_link, _keys);
        Revocations = new RedisRevocations(_link, _keys);
        Membership = new RedisMembership(_link, _keys, store, _writer, new RoomListing(_link, _keys, directory, time), new MemberListing(_link, _keys, time));
        var reaper = new NodeReaper(_link, _keys, node, store, marks, lease, metrics, logs.CreateLogger<NodeReaper>());
        _report = new RedisReport(_link, $"fanout:{node.Id}-sub", (telemetry ?? new TelemetryOptions()).RedisInterval, time, metrics, logs.CreateLogger<RedisReport>());
        _lease = new LeaseKeeper(leaseInRedis, node, reaper, lease, MoveAsync, time, logs.CreateLogger<LeaseKeeper>());
    }

    public string NodeName => _node.Name;

    public string NodeId => _node.Id;

    public string System => "redis";

    public BackplaneState State => _probing.State;

    public Task<string> Refused => _link.Refused;

    public void OnStatusChanged() => _lease.Hurry();

    public IMembership Membership { get; }

    public IRoomLog Log { get; }

    public INodeDirectory Nodes { get; }

    public IControl Control { get; }

    public IRevocations Revocations { get; }

    public IWebhookQueue? Webhooks { get; }

    public void Start(IBackplaneListener listener)
    {
        _listener = listener;
        _subscriber.Want(_probe.Channel);
        _subscriber.Want(_keys.Channel(RoomName.All));
        _subscriber.Want(_keys.Control);
        _connecting = _publishLink == _link
            ? _link.ConnectAsync(_stopping.Token)
            : Task.WhenAll(_link.ConnectAsync(_stopping.Token), _publishLink.ConnectAsync(_stopping.Token));
        _subscriber.Start();
        _writer.Start();
        _lease.Start();
        _probing.Start(OnStateChanged);
        _report.Start();
        // Repairs what no other mechanism notices, such as a set that somebody edited: seldom, since it reads every room.
        _audits = _time.CreateTimer(_ => _ = _writer.AuditAsync(), null, _health.AuditInterval, _health.AuditInterval);
    }

    public ValueTask SubscribeAsync(string room) => _subscriber.SubscribeAsync(_keys.Channel(room));

    public void Unsubscribe(string room) => _subscriber.Unsubscribe(_keys.Channel(room));

    public ValueTask<PublishResult> PublishAsync(Publication publication) => _publisher.PublishAsync(publication);

    public async ValueTask StopAsync(CancellationToken cancellation)
    {
        try
        {
            _audits?.Dispose();
            await _probing.StopAsync(cancellation);
            await _writer.StopAsync(cancellation);
            if (_link.Connected.IsCompletedSuccessfully)
                await _lease.StopAsync(cancellation).WaitAsync(cancellation);
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            LogNotClean(_logger, e.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _report.StopAsync();
        await _connecting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _subscriber.DisposeAsync();
        await _link.DisposeAsync();
        if (_publishLink != _link)
            await _publishLink.DisposeAsync();
        _stopping.Dispose();
    }

    private void OnStateChanged(BackplaneState state)
    {
        _lease.Hurry();
        _listener.OnStateChanged(state);
    }

    // Subscribed before it is used, so that no probe is sent where nobody listens.
    private async Task<string> MoveAsync()
    {
        var oldChannel = _probe.Channel;
        var old = await _writer.MoveAsync();
        var channel = _keys.Beat(_node.Id);
        try
        {
            await _subscriber.SubscribeAsync(channel);
        }
        catch (BackplaneUnavailableException)
        {
            return old; // The probe stays on the channel that it has, which tells as much.
        }

        _probe.UseChannel(channel);
        _subscriber.Unsubscribe(oldChannel);
        return old;
    }

    void IChannelListener.OnMessage(ReadOnlySpan<char> channel, ReadOnlySpan<byte> data)
    {
        if (_keys.RoomOf(channel) is { Length: > 0 } room)
            _listener.OnMessage(room, data);
        else if (channel.SequenceEqual(_probe.Channel))
            _probe.OnArrived(data);
        else if (channel.SequenceEqual(_keys.Control))
            _listener.OnControl(data);
    }

    void IChannelListener.OnResubscribed()
    {
        _listener.OnContinuityLost();
        _probing.Hurry();
    }

    void IChannelListener.OnLost() => _probing.Hurry();

    [LoggerMessage(1280, LogLevel.Warning, "Redis could not be left clean ({Reason}); another node will remove this one's members when its lease ends", EventName = "NotLeftClean")]
    private static partial void LogNotClean(ILogger logger, string reason);
}
