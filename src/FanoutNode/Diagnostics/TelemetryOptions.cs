namespace Fanout.Node.Diagnostics;

/// <summary>Settings under <c>Fanout:Telemetry</c>.</summary>
internal sealed class TelemetryOptions
{
    /// <summary>
    /// Part of the publishes that begin a trace of their own, 0 to 1. A publish that comes with a trace context follows that, whatever stands
    /// here. Not used where <c>OTEL_TRACES_SAMPLER</c> is set, which then decides about each publish (and costs an allocation each).
    /// </summary>
    public double TraceRatio { get; set; }

    /// <summary>
    /// So many sampled trace contexts a second are followed that come from clients' sockets, on each node; those beyond it are ignored, and
    /// the message goes its way untraced. Anybody can ask for traces, and somebody has to keep them. 0: all are followed.
    /// </summary>
    public int ClientTracesPerSecond { get; set; } = 20;

    /// <summary>How often the node asks Redis for its memory, clients and replication, for the <c>fanout.redis.*</c> metrics. 0: never.</summary>
    public TimeSpan RedisInterval { get; set; } = TimeSpan.FromSeconds(10);
}
