using System.Diagnostics.Metrics;
using Fanout.Node.Diagnostics;

namespace Fanout.Node.Rpc;

/// <summary>Instruments of requests to back ends. A method's pattern is a tag: there are as many as an operator configured.</summary>
internal sealed class RpcMetrics
{
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _requests;
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
        _requests = meter.CreateCounter<long>("fanout.rpc.requests", "{request}", "Requests to back ends that have ended, by method and outcome.");
        _active = meter.CreateUpDownCounter<long>("fanout.rpc.active", "{request}", "Requests to back ends that are under way.");
        _openCircuits = meter.CreateUpDownCounter<long>("fanout.rpc.circuits.open", "{circuit}", "1: the method's circuit is open, and its requests are refused.");
    }

    /// <summary>See <see cref="FanoutMetrics.BeginAtZero"/>.</summary>
    public void BeginAtZero(IEnumerable<string> methods)
    {
        _active.Add(0);
        foreach (var method in methods)
        {
            _openCircuits.Add(0, Method(method));
            foreach (var outcome in Enum.GetValues<RpcOutcome>())
                _requests.Add(0, Method(method), Outcome(outcome));
        }
    }

    public void Began() => _active.Add(1);

    public void Ended(string method, RpcOutcome outcome, TimeSpan duration)
    {
        _active.Add(-1);
        _requests.Add(1, Method(method), Outcome(outcome));
        _duration.Record(duration.TotalSeconds, Outcome(outcome));
    }

    public void CircuitOpened(string method) => _openCircuits.Add(1, Method(method));

    public void CircuitClosed(string method) => _openCircuits.Add(-1, Method(method));

    /// <summary>The outcome as tags and spans name it.</summary>
    public static string NameOf(RpcOutcome outcome) => outcome switch
    {
        RpcOutcome.Answered => "answered",
        RpcOutcome.Refused => "refused",
        RpcOutcome.TimedOut => "timeout",
        RpcOutcome.Full => "full",
        RpcOutcome.Open => "open",
        RpcOutcome.TooLarge => "too_large",
        _ => "failed",
    };

    private static KeyValuePair<string, object?> Method(string pattern) => new("method", pattern);

    private static KeyValuePair<string, object?> Outcome(RpcOutcome outcome) => new("outcome", NameOf(outcome));
}
