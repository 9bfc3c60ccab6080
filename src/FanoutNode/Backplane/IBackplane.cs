using Fanout.Node.Webhooks;

namespace Fanout.Node.Backplane;

/// <summary>
/// What carries publishes between nodes, and holds what all of them share. Two versions exist: Redis, and memory for one node. Both pass the
/// same contract suite (tests/Contract).
/// </summary>
internal interface IBackplane : IAsyncDisposable
{
    /// <summary>The node's name, for people.</summary>
    string NodeName { get; }

    /// <summary>The name and this start's random incarnation.</summary>
    string NodeId { get; }

    /// <summary>What it is made of, for telemetry: <c>redis</c> or <c>memory</c>.</summary>
    string System => "memory";

    BackplaneState State { get; }

    /// <summary>Completes with the reason if it turns out that the backplane can never be used as it is set; null where that cannot be.</summary>
    Task<string>? Refused => null;

    /// <summary>What <see cref="INodeStatus"/> says of this node changed: others are told now instead of at the next beat.</summary>
    void OnStatusChanged()
    {
    }

    /// <summary>Who is in which room.</summary>
    IMembership Membership { get; }

    /// <summary>What rooms with history keep.</summary>
    IRoomLog Log { get; }

    /// <summary>Which nodes there are.</summary>
    INodeDirectory Nodes { get; }

    /// <summary>Orders to all nodes.</summary>
    IControl Control { get; }

    /// <summary>Who stays out.</summary>
    IRevocations Revocations { get; }

    /// <summary>Events for webhooks; null where none is configured.</summary>
    IWebhookQueue? Webhooks => null;

    /// <summary>Begins to work. Returns at once: an unreachable backplane is waited for in the background.</summary>
    void Start(IBackplaneListener listener);

    /// <summary>Subscribes to a room's channel; completes when that is confirmed, so that whatever is published later arrives.</summary>
    /// <exception cref="BackplaneUnavailableException">It was not confirmed in time; the subscription is undone.</exception>
    ValueTask SubscribeAsync(string room);

    /// <summary>Gives a room's channel up. Takes effect in order with <see cref="SubscribeAsync"/>, in the background.</summary>
    void Unsubscribe(string room);

    /// <summary>
    /// Publishes to a room, for all nodes. Publishes handed over one after the other reach the backplane in that order. Never throws for an
    /// unreachable backplane: that is an outcome.
    /// </summary>
    ValueTask<PublishResult> PublishAsync(Publication publication);

    /// <summary>Leaves: members gone, lease gone.</summary>
    ValueTask StopAsync(CancellationToken cancellation);
}

/// <summary>Takes what comes from the backplane.</summary>
internal interface IBackplaneListener
{
    /// <summary>
    /// A message of a room, in the room's order. Called on the connection's read loop: reads the header, hands on, and returns. Must not
    /// throw and must not wait.
    /// </summary>
    /// <param name="room">Valid during the call only.</param>
    /// <param name="data">Valid during the call only.</param>
    void OnMessage(ReadOnlySpan<char> room, ReadOnlySpan<byte> data);

    /// <summary>An order of <see cref="IBackplane.Control"/>. As <see cref="OnMessage"/>: hands on, and returns.</summary>
    void OnControl(ReadOnlySpan<byte> order);

    /// <summary>Messages may have been missed: all subscriptions are there again after a connection was lost.</summary>
    void OnContinuityLost();

    /// <summary>The backplane became healthy or degraded.</summary>
    void OnStateChanged(BackplaneState state);
}
