using System.Diagnostics;

namespace Fanout.Node.BackEnds;

/// <summary>The W3C header by which a back end's trace joins the one of the request.</summary>
internal static class TraceHeaders
{
    public const string HeaderName = "traceparent";

    public const string StateHeaderName = "tracestate";

    /// <summary>Names a span. Without one that is recorded here, a trace begins that only the back end records, if it wants.</summary>
    public static void Inject(HttpRequestMessage request, Activity? activity)
    {
        if (activity is { IdFormat: ActivityIdFormat.W3C })
        {
            request.Headers.TryAddWithoutValidation(HeaderName, activity.Id);
            if (activity.TraceStateString is { Length: > 0 } state)
                request.Headers.TryAddWithoutValidation(StateHeaderName, state);
            return;
        }

        request.Headers.TryAddWithoutValidation(HeaderName, $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00");
    }
}
