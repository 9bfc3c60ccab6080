using System.Diagnostics.Metrics;

namespace Fanout.Node.Diagnostics;

/// <summary>The part of the metrics that is read when somebody looks: states and levels. Each is made once, by whoever knows it.</summary>
internal sealed partial class FanoutMetrics
{
    public void ObserveRooms(Func<long> count) =>
        _meter.CreateObservableGauge("fanout.rooms.active", count, "{room}", "Rooms that this node is subscribed to.");

    public void ObserveDrain(Func<int> phase, Func<double> elapsedSeconds)
    {
        _meter.CreateObservableGauge(
            "fanout.drain.phase", phase, "{phase}", "0: serving, 1: announced, 2: closing, 3: flushing, 4: leaving, 5: drained.");
        _meter.CreateObservableGauge("fanout.drain.elapsed", elapsedSeconds, "s", "Time since the drain began; 0 while serving.");
    }

    /// <param name="waiting">Messages in the inbox of the lane with that index.</param>
    public void ObserveLanes(int lanes, Func<int, int> waiting, Func<long> backlogBytes, Func<int> catchingUp)
    {
        var tags = Enumerable.Range(0, lanes).Select(i => new KeyValuePair<string, object?>("lane", i)).ToArray();
        _meter.CreateObservableGauge(
            "fanout.lanes.inbox", () => tags.Select((tag, i) => new Measurement<int>(waiting(i), tag)), "{message}", "Room messages that wait in a lane's inbox.");
        _meter.CreateObservableGauge("fanout.backlog.bytes", backlogBytes, "By", "Bytes of frames that wait for sockets.");
        _meter.CreateObservableGauge("fanout.members.lagging", catchingUp, "{member}", "Members that are behind their room and read its log.");
    }

    /// <param name="wanted">Channels that the node wants.</param>
    /// <param name="confirmed">Those of them that Redis has confirmed.</param>
    public void ObserveSubscriptions(Func<int> wanted, Func<int> confirmed)
    {
        var (wantedTag, confirmedTag) = (new KeyValuePair<string, object?>("state", "wanted"), new KeyValuePair<string, object?>("state", "confirmed"));
        _meter.CreateObservableGauge(
            "fanout.backplane.subscriptions",
            () => (Measurement<int>[])[new(wanted(), wantedTag), new(confirmed(), confirmedTag)],
            "{channel}",
            "Channels that this node wants, and those that Redis has confirmed.");
    }

    /// <param name="ageSeconds">Null before the first renewal.</param>
    /// <param name="expire">At that age the other nodes remove this one's members.</param>
    public void ObserveLease(Func<double?> ageSeconds, TimeSpan expire)
    {
        _meter.CreateObservableGauge(
            "fanout.lease.age", () => ageSeconds() is { } age ? [new Measurement<double>(age)] : Array.Empty<Measurement<double>>(), "s", "Time since the node's lease was last renewed.");
        _meter.CreateObservableGauge("fanout.lease.expire", () => expire.TotalSeconds, "s", "The age at which the lease ends, as it is set.");
    }

    /// <summary>Limits that are set, so that what is near to one can be seen.</summary>
    public void ObserveLimits(IReadOnlyCollection<(string Limit, long Most)> limits)
    {
        var set = limits.Where(limit => limit.Most > 0).Select(limit => new Measurement<long>(limit.Most, new KeyValuePair<string, object?>("limit", limit.Limit))).ToArray();
        _meter.CreateObservableGauge("fanout.limits.configured", () => set, "{limit}", "Limits of the node that are switched on.");
    }

    public void ObserveBuild(string version, string node, string backplane)
    {
        Measurement<int>[] one =
        [
            new(1, new KeyValuePair<string, object?>("version", version), new KeyValuePair<string, object?>("node", node), new KeyValuePair<string, object?>("backplane", backplane)),
        ];
        _meter.CreateObservableGauge("fanout.build.info", () => one, "{node}", "Always 1; its tags tell the version, the node's name and what the backplane is.");
    }

    public void ObserveReadiness(Func<bool> isReady) =>
        _meter.CreateObservableGauge("fanout.ready", () => isReady() ? 1 : 0, "{state}", "1: /healthz/ready says yes, 0: it says no.");

    /// <summary>A level that Redis told of itself; nothing while it has told nothing.</summary>
    public void ObserveRedis(string name, string unit, string description, Func<double?> value) => _meter.CreateObservableGauge(
        "fanout.redis." + name, () => value() is { } known ? [new Measurement<double>(known)] : Array.Empty<Measurement<double>>(), unit, description);
}
