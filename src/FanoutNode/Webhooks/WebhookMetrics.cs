using System.Diagnostics.Metrics;
using Fanout.Node.Diagnostics;

namespace Fanout.Node.Webhooks;

/// <summary>Instruments of webhooks. A receiver's name is a tag: there are as many as an operator configured.</summary>
internal sealed class WebhookMetrics
{
    private const string Everybody = "all";

    private readonly Meter _meter;
    private readonly Counter<long> _queued;
    private readonly Counter<long> _delivered;
    private readonly Counter<long> _failed;
    private readonly Counter<long> _dead;
    private readonly Counter<long> _lost;
    private readonly Histogram<double> _duration;

    public WebhookMetrics(IMeterFactory meters)
    {
        var meter = _meter = meters.Create(FanoutMetrics.MeterName);
        _queued = meter.CreateCounter<long>("fanout.webhooks.queued", "{event}", "Events that this node put into the queue for receivers.");
        _delivered = meter.CreateCounter<long>("fanout.webhooks.delivered", "{event}", "Events that a receiver took, by receiver.");
        _failed = meter.CreateCounter<long>("fanout.webhooks.failed", "{request}", "Requests to a receiver that failed and are tried again, by receiver.");
        _dead = meter.CreateCounter<long>("fanout.webhooks.dead", "{event}", "Events that were given up for a receiver, by receiver.");
        _lost = meter.CreateCounter<long>("fanout.webhooks.lost", "{event}", "Events that fell out of the queue before a receiver took them, by receiver.");
        _duration = meter.CreateHistogram(
            "fanout.webhooks.duration",
            "s",
            "Requests to receivers, by receiver.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] });
    }

    /// <summary>See <see cref="FanoutMetrics.BeginAtZero"/>.</summary>
    public void BeginAtZero(IEnumerable<string> endpoints)
    {
        _queued.Add(0);
        _lost.Add(0, Tag(Everybody));
        foreach (var endpoint in endpoints)
        {
            foreach (var counter in (Counter<long>[])[_delivered, _failed, _dead, _lost])
                counter.Add(0, Tag(endpoint));
        }
    }

    /// <summary>Levels of the whole queue, as this node heard of them last.</summary>
    public void Observe(Func<IReadOnlyList<WebhookLevel>> levels)
    {
        _meter.CreateObservableGauge(
            "fanout.webhooks.pending", () => levels().Select(level => new Measurement<long>(level.Pending, Tag(level.Endpoint))), "{event}", "Events that wait for a receiver, at most, by receiver.");
        _meter.CreateObservableGauge(
            "fanout.webhooks.failing", () => levels().Select(level => new Measurement<double>(level.FailingFor, Tag(level.Endpoint))), "s", "Since when a receiver has not taken its events, by receiver; 0 while it does.");
    }

    public void Queued(long count) => _queued.Add(count);

    public void Delivered(string endpoint, long count) => _delivered.Add(count, Tag(endpoint));

    public void Requested(string endpoint, TimeSpan duration) => _duration.Record(duration.TotalSeconds, Tag(endpoint));

    public void Failed(string endpoint) => _failed.Add(1, Tag(endpoint));

    public void Dead(string endpoint, long count) => _dead.Add(count, Tag(endpoint));

    public void Lost(string endpoint, long count) => _lost.Add(count, Tag(endpoint));

    /// <summary>Events were lost before they came into the queue.</summary>
    public void LostForEverybody(long count) => Lost(Everybody, count);

    private static KeyValuePair<string, object?> Tag(string endpoint) => new("endpoint", endpoint);
}
