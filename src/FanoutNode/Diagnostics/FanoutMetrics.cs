using System.Diagnostics;
using System.Diagnostics.Metrics;
using Fanout.Node.Backplane;
using Fanout.Node.Publishing;

namespace Fanout.Node.Diagnostics;

/// <summary>Every instrument of the service, under one meter. Tags come from small fixed sets: never a room, a user or a connection.</summary>
internal sealed partial class FanoutMetrics : IDisposable
{
    public const string MeterName = "Fanout.Node";

    /// <summary>Every limit that refuses something; tag of <c>fanout.limited</c>.</summary>
    public static readonly IReadOnlyList<string> Limits =
    [
        "messages", "bytes", "inflated_bytes", "api_bytes", "rooms", "rooms_per_connection", "connections", "connection_rate", "connections_per_ip",
        "silent_per_ip", "connections_per_user", "history_total", "client_traces", "requests_per_connection", "requests_per_method",
    ];

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
    private readonly Histogram<double> _deliveryDuration;
    private readonly Histogram<double> _publishDuration;
    private int _backplaneState;

    public FanoutMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        _connectionsActive = _meter.CreateUpDownCounter<long>("fanout.connections.active", "{connection}", "Open connections.");
        _connectionsOpened = _meter.CreateCounter<long>("fanout.connections.opened", "{connection}", "Connections that passed the handshake.");
        _connectionsClosed = _meter.CreateCounter<long>("fanout.connections.closed", "{connection}", "Connections that ended, by reason.");
        _published = _meter.CreateCounter<long>("fanout.messages.published", "{message}", "Messages handed to the backplane by this node, by source.");
        _delivered = _meter.CreateCounter<long>("fanout.messages.delivered", "{message}", "Messages handed to sockets: one for each receiver.");
        _dropped = _meter.CreateCounter<long>("fanout.messages.dropped", "{message}", "Messages that did not reach a receiver, by reason; a receiver that is cut (backlog, stalled) counts once, whatever waited for it: it resumes from the log; so does one that had too_large in place of a back end's answer (backlog).");
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
        _deliveryDuration = _meter.CreateHistogram(
            "fanout.delivery.duration",
            "s",
            "From the publish, in Redis's clock, until a lane had handed the message to the last of its members: one for each message and lane.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30] });
        _publishDuration = _meter.CreateHistogram(
            "fanout.publish.duration",
            "s",
            "Redis's answer to a publish, by outcome.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5] });
        _meter.CreateObservableGauge("fanout.backplane.state", () => Volatile.Read(ref _backplaneState), "{state}", "1: healthy, 0: degraded.");
    }

    /// <summary>For tests, which run side by side and look at their own.</summary>
    public Meter Meter => _meter;

    /// <summary>
    /// Counters begin at 0, with every tag that is known: a rate over a series that begins at 1 does not see its first event, and that may be the
    /// one that counts. Once, when the exporters listen.
    /// </summary>
    public void BeginAtZero(IEnumerable<string> closeReasons)
    {
        _connectionsActive.Add(0);
        _connectionsOpened.Add(0);
        _delivered.Add(0);
        _outboundBytes.Add(0);
        _leasesReaped.Add(0);
        foreach (var reason in closeReasons)
            _connectionsClosed.Add(0, new KeyValuePair<string, object?>("reason", reason));
        foreach (var source in Enum.GetValues<PublishSource>())
            _published.Add(0, new KeyValuePair<string, object?>("source", NameOf(source)));
        foreach (var reason in Enum.GetValues<DropReason>())
            Dropped(reason, 0);
        foreach (var outcome in Enum.GetValues<GapOutcome>())
            _gaps.Add(0, new KeyValuePair<string, object?>("outcome", NameOf(outcome)));
        foreach (var outcome in Enum.GetValues<RecoveryOutcome>())
            _recoveries.Add(0, new KeyValuePair<string, object?>("outcome", NameOf(outcome)));
        foreach (var limit in Limits)
            _limited.Add(0, new KeyValuePair<string, object?>("limit", limit));
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

    public void Published(PublishSource source) =>
        _published.Add(1, new KeyValuePair<string, object?>("source", NameOf(source)));

    public void Delivered(long count) => _delivered.Add(count);

    public void Outbound(long bytes) => _outboundBytes.Add(bytes);

    public void Dropped(DropReason reason, long count = 1) => _dropped.Add(count, new KeyValuePair<string, object?>("reason", Name(reason)));

    public void Limited(string limit) => _limited.Add(1, new KeyValuePair<string, object?>("limit", limit));

    public void Gap(GapOutcome outcome) => _gaps.Add(1, new KeyValuePair<string, object?>("outcome", NameOf(outcome)));

    public void Recovery(RecoveryOutcome outcome) => _recoveries.Add(1, new KeyValuePair<string, object?>("outcome", NameOf(outcome)));

    public void LeaseReaped() => _leasesReaped.Add(1);

    public void ProbeReturned(TimeSpan duration) => _probeDuration.Record(duration.TotalSeconds);

    /// <summary>Whether anybody takes <see cref="DeliveryTook"/>: reading the clock is spared else.</summary>
    public bool MeasuresDeliveries => _deliveryDuration.Enabled;

    /// <param name="now">Of <see cref="FleetClock"/>.</param>
    /// <param name="stamp">The message's timestamp, in whole milliseconds.</param>
    public void DeliveryTook(long now, long stamp) => _deliveryDuration.Record(Math.Max(0, now - (stamp * 1000)) / 1_000_000.0);

    public void PublishTook(PublishOutcome outcome, TimeSpan duration) =>
        _publishDuration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("outcome", NameOf(outcome)));

    /// <summary>The outcome as tags and spans name it.</summary>
    public static string NameOf(PublishOutcome outcome) => outcome switch
    {
        PublishOutcome.Published => "published",
        PublishOutcome.Duplicate => "duplicate",
        PublishOutcome.Conflict => "conflict",
        PublishOutcome.Unavailable => "unavailable",
        PublishOutcome.Unknown => "unknown",
        _ => throw new UnreachableException(),
    };

    public void BackplaneStateChanged(BackplaneState state) => Volatile.Write(ref _backplaneState, (int)state);

    public void Dispose() => _meter.Dispose();

    private static string NameOf(PublishSource source) => source == PublishSource.Socket ? "socket" : "http";

    private static string NameOf(GapOutcome outcome) => outcome switch
    {
        GapOutcome.Filled => "filled",
        GapOutcome.Lost => "lost",
        _ => "new_epoch",
    };

    private static string NameOf(RecoveryOutcome outcome) => outcome switch
    {
        RecoveryOutcome.Recovered => "recovered",
        RecoveryOutcome.NotRecovered => "not_recovered",
        _ => "overtaken",
    };

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
