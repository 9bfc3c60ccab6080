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
    private readonly KeyValuePair<string, object?> _method = new("method", "");

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

    private RpcMetrics(RpcMetrics all, string method)
    {
        (_duration, _requests, _active, _openCircuits) = (all._duration, all._requests, all._active, all._openCircuits);
        _method = new("method", method);
    }

    /// <summary>The same instruments, for one method.</summary>
    /// <param name="pattern">As it is configured.</param>
    public RpcMetrics For(string pattern) => new(this, pattern);

    /// <summary>See <see cref="FanoutMetrics.BeginAtZero"/>.</summary>
    public void BeginAtZero(IEnumerable<string> patterns)
    {
        _active.Add(0);
        foreach (var method in patterns.Select(For))
        {
            _openCircuits.Add(0, method._method);
            foreach (var outcome in Enum.GetValues<RpcOutcome>())
                _requests.Add(0, method._method, new KeyValuePair<string, object?>("outcome", Name(outcome)));
        }
    }

    public void Began() => _active.Add(1);

    public void Ended(RpcOutcome outcome, TimeSpan duration)
    {
        _active.Add(-1);
        _requests.Add(1, _method, new KeyValuePair<string, object?>("outcome", Name(outcome)));
        _duration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("outcome", Name(outcome)));
    }

    public void CircuitOpened() => _openCircuits.Add(1, _method);

    public void CircuitClosed() => _openCircuits.Add(-1, _method);

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
