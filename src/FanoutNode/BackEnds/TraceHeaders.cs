using System.Diagnostics;

namespace Fanout.Node.BackEnds;

/// <summary>The W3C header by which a back end's trace joins the one of the request.</summary>
internal static class TraceHeaders
{
    public const string HeaderName = "traceparent";

    public const string StateHeaderName = "tracestate";

    /// <summary>
    /// Names the span that is above the back end's: one of this node; without one, the client's own; else a trace begins that only the back end records, if
    /// it wants.
    /// </summary>
    public static void Inject(HttpRequestMessage request, Activity? activity, ActivityContext? client)
    {
        if (activity is { IdFormat: ActivityIdFormat.W3C })
        {
            request.Headers.TryAddWithoutValidation(HeaderName, activity.Id);
            if (activity.TraceStateString is { Length: > 0 } state)
                request.Headers.TryAddWithoutValidation(StateHeaderName, state);
            return;
        }

        if (client is { } above)
        {
            var flags = (above.TraceFlags & ActivityTraceFlags.Recorded) != 0 ? "01" : "00";
            request.Headers.TryAddWithoutValidation(HeaderName, $"00-{above.TraceId}-{above.SpanId}-{flags}");
            return;
        }

        request.Headers.TryAddWithoutValidation(HeaderName, $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00");
    }
}
