using System.Diagnostics.Metrics;
using Fanout.Node.Diagnostics;

namespace Fanout.Node.Rpc;

/// <summary>Instruments of requests to back ends.</summary>
internal sealed class RpcMetrics
{
    private readonly Histogram<double> _duration;
    private readonly UpDownCounter<long> _active;
    private readonly UpDownCounter<long> _openCircuits;

    public RpcMetrics(IMeterFactory meters)
    {
        // The factory gives the same meter for the same name, and keeps it.
        var meter = meters.Create(FanoutMetrics.MeterName);
        _duration = meter.CreateHistogram(
            "fanout.rpc.duration",
            "s",
            "Requests to back ends, from the client's message to its answer, by outcome.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] });
        _active = meter.CreateUpDownCounter<long>("fanout.rpc.active", "{request}", "Requests to back ends that are under way.");
        _openCircuits = meter.CreateUpDownCounter<long>("fanout.rpc.circuits.open", "{circuit}", "Methods whose circuit is open: their requests are refused.");
    }

    public void Began() => _active.Add(1);

    public void Ended(RpcOutcome outcome, TimeSpan duration)
    {
        _active.Add(-1);
        _duration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("outcome", Name(outcome)));
    }

    public void CircuitOpened() => _openCircuits.Add(1);

    public void CircuitClosed() => _openCircuits.Add(-1);

    /// <summary>An outcome, as tags have it.</summary>
    public static string Name(RpcOutcome outcome) => outcome switch
    {
        RpcOutcome.Answered => "answered",
        RpcOutcome.Refused => "refused",
        RpcOutcome.TimedOut => "timeout",
        RpcOutcome.Full => "full",
        RpcOutcome.Open => "open",
        RpcOutcome.TooLarge => "too_large",
        _ => "failed",
    };
}
