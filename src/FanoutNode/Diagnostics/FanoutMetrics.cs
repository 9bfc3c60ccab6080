using System.Diagnostics;
using System.Diagnostics.Metrics;
using Fanout.Node.Backplane;
using Fanout.Node.Publishing;

namespace Fanout.Node.Diagnostics;

/// <summary>Every instrument of the service, under one meter. Tags come from small fixed sets: never a room, a user or a connection.</summary>
internal sealed class FanoutMetrics : IDisposable
{
    public const string MeterName = "Fanout.Node";

    private readonly Meter _meter;
    private readonly UpDownCounter<long> _connectionsActive;
    private readonly Counter<long> _connectionsOpened;
    private readonly Counter<long> _connectionsClosed;
    private readonly Counter<long> _published;
    private readonly Counter<long> _delivered;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _outboundBytes;
    private readonly Counter<long> _limited;
    private readonly Counter<long> _leasesReaped;
    private readonly Counter<long> _gaps;
    private readonly Counter<long> _recoveries;
    private readonly Histogram<double> _probeDuration;
    private int _backplaneState;

    public FanoutMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        _connectionsActive = _meter.CreateUpDownCounter<long>("fanout.connections.active", "{connection}", "Open connections.");
        _connectionsOpened = _meter.CreateCounter<long>("fanout.connections.opened", "{connection}", "Connections that passed the handshake.");
        _connectionsClosed = _meter.CreateCounter<long>("fanout.connections.closed", "{connection}", "Connections that ended, by reason.");
        _published = _meter.CreateCounter<long>("fanout.messages.published", "{message}", "Messages handed to the backplane by this node, by source.");
        _delivered = _meter.CreateCounter<long>("fanout.messages.delivered", "{message}", "Messages handed to sockets: one for each receiver.");
        _dropped = _meter.CreateCounter<long>("fanout.messages.dropped", "{message}", "Messages that did not reach a receiver, by reason.");
        _outboundBytes = _meter.CreateCounter<long>("fanout.outbound.bytes", "By", "Bytes of frames handed to sockets or their backlogs.");
        _limited = _meter.CreateCounter<long>("fanout.limited", "{refusal}", "Refusals by a limit, by limit.");
        _leasesReaped = _meter.CreateCounter<long>("fanout.leases.reaped", "{lease}", "Dead nodes whose members this node removed.");
        _gaps = _meter.CreateCounter<long>("fanout.backplane.gaps", "{gap}", "Gaps in rooms' sequences on this node, by how they ended.");
        _recoveries = _meter.CreateCounter<long>("fanout.recoveries", "{recovery}", "Clients that came back with a position, by outcome.");
        _probeDuration = _meter.CreateHistogram(
            "fanout.backplane.probe.duration",
            "s",
            "A probe's way through Redis and back.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] });
        _meter.CreateObservableGauge("fanout.backplane.state", () => Volatile.Read(ref _backplaneState), "{state}", "1: healthy, 0: degraded.");
    }

    public void ConnectionOpened()
    {
        _connectionsActive.Add(1);
        _connectionsOpened.Add(1);
    }

    public void ConnectionClosed(string reason)
    {
        _connectionsActive.Add(-1);
        _connectionsClosed.Add(1, new KeyValuePair<string, object?>("reason", reason));
    }

    public void ObserveRooms(Func<long> count) =>
        _meter.CreateObservableGauge("fanout.rooms.active", count, "{room}", "Rooms that this node is subscribed to.");

    public void ObserveDrain(Func<int> phase) => _meter.CreateObservableGauge(
        "fanout.drain.phase", phase, "{phase}", "0: serving, 1: announced, 2: closing, 3: flushing, 4: leaving, 5: drained.");

    public void Published(PublishSource source) =>
        _published.Add(1, new KeyValuePair<string, object?>("source", source == PublishSource.Socket ? "socket" : "http"));

    public void Delivered(long count) => _delivered.Add(count);

    public void Outbound(long bytes) => _outboundBytes.Add(bytes);

    public void Dropped(DropReason reason, long count = 1) => _dropped.Add(count, new KeyValuePair<string, object?>("reason", Name(reason)));

    public void Limited(string limit) => _limited.Add(1, new KeyValuePair<string, object?>("limit", limit));

    public void Gap(GapOutcome outcome) => _gaps.Add(1, new KeyValuePair<string, object?>("outcome", outcome switch
    {
        GapOutcome.Filled => "filled",
        GapOutcome.Lost => "lost",
        _ => "new_epoch",
    }));

    public void Recovery(RecoveryOutcome outcome) => _recoveries.Add(1, new KeyValuePair<string, object?>("outcome", outcome switch
    {
        RecoveryOutcome.Recovered => "recovered",
        RecoveryOutcome.NotRecovered => "not_recovered",
        _ => "overtaken",
    }));

    public void LeaseReaped() => _leasesReaped.Add(1);

    public void ProbeReturned(TimeSpan duration) => _probeDuration.Record(duration.TotalSeconds);

    public void BackplaneStateChanged(BackplaneState state) => Volatile.Write(ref _backplaneState, (int)state);

    public void Dispose() => _meter.Dispose();

    private static string Name(DropReason reason) => reason switch
    {
        DropReason.Backlog => "backlog",
        DropReason.Stalled => "stalled",
        DropReason.Superseded => "superseded",
        DropReason.LaneFull => "lane_full",
        DropReason.Undecodable => "undecodable",
        _ => throw new UnreachableException(),
    };
}
