using System.Text.Json;
using Fanout.Node.Backplane;
using Fanout.Node.Control;
using Fanout.Node.Drain;
using Fanout.Node.Lanes;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Console;

/// <summary>
/// Reports to operators: while somebody watches, this node's state twice a second in <c>$ops</c>; always, what is notable in
/// <c>$ops.events</c>.
/// </summary>
/// <remarks>
/// A node with members of <c>$ops</c> orders all nodes to report, again and again; a node reports until the last order has aged. So nobody has to look
/// into the backplane to learn that nobody watches.
/// </remarks>
internal sealed partial class ConsoleReporter(
    NodeReports reports,
    NotableEvents events,
    ConsoleCounters counters,
    LaneSet lanes,
    RoomRegistry rooms,
    RoomPolicies policies,
    MessageIntake intake,
    MessageIds ids,
    IBackplane backplane,
    OrderDesk orders,
    DrainState drain,
    NodeIdentity node,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<ConsoleReporter> logger) : BackgroundService
{
    // Soon enough for a page that opens, and rare enough to cost nothing.
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    // With the way to the page and its drawing, what happens is seen within a second.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan OrderInterval = TimeSpan.FromSeconds(3);

    // Two orders may be lost before a node falls silent.
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TroubleInterval = TimeSpan.FromSeconds(1);

    // The host waits for it, within its own deadline.
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private readonly TroublePace _trouble = new(counters, events, time);
    private long _watchedAt, _orderedAt, _reportedAt, _troubleAt;
    private long _failedAt;
    private DrainPhase _drain;
    private (BackplaneState Backplane, DrainPhase Drain) _reported;
    private Task _ordering = Task.CompletedTask, _publishing = Task.CompletedTask, _telling = Task.CompletedTask;
    private bool _isReporting;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        orders.WatchOrdered += () => Volatile.Write(ref _watchedAt, time.GetTimestamp());
        lifetime.ApplicationStarted.Register(() => events.Add(OpsEventKind.NodeUp, OpsLevel.Good, $"Node {node.Name} is up", node.Id));
        while (!stoppingToken.IsCancellationRequested)
        {
            Task? wake = null;
            try
            {
                Step();
                // Never what is complete already and cannot be dealt with yet: an event that waits while another one is on its way to a backplane
                // that hangs. That would be no wait at all.
                wake = !_telling.IsCompleted ? _telling : IsPast(_failedAt, RetryDelay) ? events.Some : null;
            }
            catch (Exception e)
            {
                // A page that shows nothing new is a nuisance; a node that ended because of it would be a fault.
                LogFailed(logger, e);
            }

            var tick = Task.Delay(Tick, time, stoppingToken);
            await (wake is null ? tick : Task.WhenAny(tick, wake)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Says what is left to say. By then the drain is over, whose last phases pass between two looks of the loop; the way to the backplane is still there.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        NoteDrain();
        _trouble.Tell(all: true);
        events.Settle(all: true);
        await TellRestAsync().WaitAsync(LastWords, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task TellRestAsync()
    {
        await _telling;
        if (events.Waiting.Count > 0)
            await TellAsync();
    }

    // Nothing here waits for the backplane: while it hangs, whoever watches by this node must still hear of it.
    private void Step()
    {
        NoteTrouble();
        events.Settle();
        NoteDrain();
        if (rooms.Find(RoomName.Ops) is { LocalMembers: > 0 })
            Order();
        Report();
        if (events.Waiting.Count > 0 && _telling.IsCompleted && IsPast(_failedAt, RetryDelay))
            _telling = TellAsync();
    }

    private async Task TellAsync() =>
        _failedAt = await GuardAsync(events.FlushAsync(backplane, policies, ids)) ? 0 : time.GetTimestamp();

    private void Order()
    {
        Volatile.Write(ref _watchedAt, time.GetTimestamp());
        if (!_ordering.IsCompleted || !IsPast(_orderedAt, OrderInterval))
            return;
        _orderedAt = time.GetTimestamp();
        _ordering = GuardAsync(SendOrderAsync());
    }

    private async Task<bool> SendOrderAsync()
    {
        try
        {
            return await backplane.Control.SendAsync(new ControlOrder(ControlOrder.Watch, ids.Next()).ToBytes()) > 0;
        }
        catch (BackplaneUnavailableException)
        {
            // Nothing that the others say would arrive here either; the next order is on its way when the backplane is back.
            return false;
        }
    }

    private void Report()
    {
        var watchedAt = Volatile.Read(ref _watchedAt);
        var isWatched = watchedAt != 0 && !IsPast(watchedAt, Lease);
        counters.WatchTraffic(isWatched);
        lanes.TimeDeliveries(isWatched);
        var first = isWatched && !_isReporting;
        _isReporting = isWatched;
        var state = (backplane.State, drain.Phase);
        if (!isWatched || !(first || state != _reported || IsPast(_reportedAt, Interval - (Tick / 2))))
            return;
        (_reportedAt, _reported) = (time.GetTimestamp(), state);
        var payload = new Payload(WireFormat.Json, JsonSerializer.SerializeToUtf8Bytes(reports.Next(), ConsoleJson.Default.NodeReport));
        var id = ids.Next();
        var data = MessageCodec.Encode(new StoredMessage(id, time.GetUtcNow().ToUnixTimeMilliseconds(), null, null, payload));
        // What may not come back is handed over here too. Of one that comes twice the page takes the first.
        var hangs = !_publishing.IsCompleted;
        if (hangs || backplane.State == BackplaneState.Degraded)
            intake.OnMessage(RoomName.Ops, data);
        // One at a time: a backplane that hangs is not given a heap of reports to deliver when it comes back.
        if (!hangs)
            _publishing = GuardAsync(PublishAsync(new Publication(RoomName.Ops, policies.For(RoomName.Ops), id, data)));
    }

    private async Task<bool> PublishAsync(Publication publication) => (await backplane.PublishAsync(publication)).Outcome == PublishOutcome.Published;

    private async Task<bool> GuardAsync(Task<bool> work)
    {
        try
        {
            return await work;
        }
        catch (Exception e)
        {
            LogFailed(logger, e);
            return false;
        }
    }

    private void NoteTrouble()
    {
        // Gathered for a moment: who hits a limit does it more than once.
        if (!IsPast(_troubleAt, TroubleInterval))
            return;
        _troubleAt = time.GetTimestamp();
        _trouble.Tell();
    }

    private void NoteDrain()
    {
        if (drain.Phase == _drain)
            return;
        var before = _drain;
        _drain = drain.Phase;
        if (before == DrainPhase.Serving)
            events.Add(OpsEventKind.NodeDraining, OpsLevel.Info, $"Node {node.Name} drains: it takes no new connections", node.Id);
        if (before < DrainPhase.Leaving && _drain >= DrainPhase.Leaving)
            events.Add(OpsEventKind.NodeLeft, OpsLevel.Info, $"Node {node.Name} has left", node.Id);
    }

    private bool IsPast(long since, TimeSpan interval) => since == 0 || time.GetElapsedTime(since) >= interval;

    [LoggerMessage(1850, LogLevel.Error, "A report to operators failed; the next one comes at its time", EventName = "ReportFailed")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
