using System.Diagnostics;

namespace Fanout.Node.Diagnostics;

/// <summary>
/// Decides which publishes are traced. Who has decided already is followed; the rest begins a trace only as often as the settings say, and what
/// is not traced makes no object.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class TraceSampling(TelemetryOptions options, TimeProvider time, FanoutMetrics metrics)
{
    private readonly Lock _gate = new();
    private long _second = -1;
    private int _followed;

    /// <summary>Set where <c>OTEL_TRACES_SAMPLER</c> names a sampler: it is asked about each publish that has no parent.</summary>
    public bool AsksSampler { get; init; }

    /// <summary>Whether anybody takes spans.</summary>
    public static bool IsOn => FanoutTracing.Source.HasListeners();

    /// <summary>A trace context that came over a client's socket; see <see cref="TraceParent.Read"/>.</summary>
    public ActivityContext? OfClient(ReadOnlySpan<byte> traceParent)
    {
        if (traceParent.IsEmpty || !IsOn || TraceParent.Read(traceParent) is not { } context)
            return null;
        if (!IsRecorded(context) || MayFollow())
            return context;
        metrics.Limited("client_traces");
        return default(ActivityContext);
    }

    /// <summary>
    /// The trace that a client's request to a back end belongs to: it is handed on also where this node exports nothing, for the back end may. One
    /// that is over what is followed keeps its ids and is not sampled.
    /// </summary>
    public ActivityContext? OfClientRequest(ReadOnlySpan<byte> traceParent)
    {
        if (traceParent.IsEmpty || TraceParent.ReadWhole(traceParent) is not { } context)
            return null;
        if (!IsRecorded(context) || MayFollow())
            return context;
        metrics.Limited("client_traces");
        return new ActivityContext(context.TraceId, context.SpanId, ActivityTraceFlags.None, null, isRemote: true);
    }

    /// <summary>The span of a publish, or null where it is not sampled.</summary>
    /// <param name="parent">
    /// What the publisher said: null: nothing; an unsampled context: not to be traced. For HTTP, where ASP.NET has read the header, what
    /// <see cref="Activity.Current"/> says.
    /// </param>
    public Activity? StartPublish(ActivityContext? parent)
    {
        if (!IsOn)
            return null;
        if (parent is { } known)
            return IsRecorded(known) ? Start(known) : null;
        if (!AsksSampler && (options.TraceRatio <= 0 || Random.Shared.NextDouble() >= options.TraceRatio))
            return null;
        return Start(default);
    }

    /// <summary>What stands above a publish that came by HTTP.</summary>
    public static ActivityContext? OfRequest() => IsOn ? Activity.Current?.Context : null;

    // The span does not become the current one: the caller may be a connection's read loop, whose next publishes are not below this one.
    private static Activity? Start(ActivityContext parent)
    {
        var before = Activity.Current;
        var activity = FanoutTracing.Source.StartActivity(FanoutTracing.PublishSpan, ActivityKind.Internal, parent);
        // A sampler may make an object only to carry the ids on, which is no use to anybody here.
        if (activity is { Recorded: false })
        {
            activity.Dispose();
            activity = null;
        }

        Activity.Current = before;
        return activity;
    }

    private static bool IsRecorded(ActivityContext context) => (context.TraceFlags & ActivityTraceFlags.Recorded) != 0;

    private bool MayFollow()
    {
        if (options.ClientTracesPerSecond <= 0)
            return true;
        var second = time.GetTimestamp() / time.TimestampFrequency;
        lock (_gate)
        {
            if (second != _second)
                (_second, _followed) = (second, 0);
            return _followed++ < options.ClientTracesPerSecond;
        }
    }
}
