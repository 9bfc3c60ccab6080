using Fanout.Node.Api;
using Fanout.Node.Diagnostics;
using Fanout.Node.Hosting.Settings;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Fanout.Node.Hosting;

/// <summary>
/// OpenTelemetry: Prometheus text at <c>/metrics</c> always; metrics, traces and logs by OTLP where an endpoint is configured, by the variables
/// that OpenTelemetry itself defines.
/// </summary>
internal static class TelemetryServices
{
    private const string SamplerVariable = "OTEL_TRACES_SAMPLER";

    // All else is long-lived, or asked every second by proxies: such requests say nothing as spans.
    private const string TracedPath = "/api";

    // The one counts each request once more, by the route that http.server.request.duration names too; the other what Kestrel does with its
    // buffers, several times for each request.
    private static readonly string[] NotMeasured = ["Microsoft.AspNetCore.Routing", "Microsoft.AspNetCore.MemoryPool"];

    public static IServiceCollection AddTelemetry(this IServiceCollection services, WebApplicationBuilder builder, FanoutSettings settings)
    {
        var configuration = builder.Configuration;
        var asksSampler = !string.IsNullOrEmpty(configuration[SamplerVariable]);
        services.AddSingleton(s => new TraceSampling(settings.Telemetry, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<FanoutMetrics>()) { AsksSampler = asksSampler });

        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("fanout-node", serviceVersion: NodeStatus.Version, serviceInstanceId: settings.Node.Name))
            .WithMetrics(metrics => metrics
                .AddMeter(FanoutMetrics.MeterName)
                .AddRuntimeInstrumentation()
                .AddAspNetCoreInstrumentation()
                .AddView(instrument => NotMeasured.Contains(instrument.Meter.Name) ? MetricStreamConfiguration.Drop : null)
                .AddPrometheusExporter());
        if (Exports(configuration, "METRICS"))
            telemetry.WithMetrics(metrics => metrics.AddOtlpExporter());
        if (Exports(configuration, "TRACES"))
            telemetry.WithTracing(tracing => Trace(tracing, asksSampler, settings.Telemetry.TraceRatio));
        if (Exports(configuration, "LOGS"))
        {
            telemetry.WithLogging(
                logging => logging.AddOtlpExporter(),
                options => (options.IncludeFormattedMessage, options.IncludeScopes) = (true, true));
        }

        return services;
    }

    private static void Trace(TracerProviderBuilder tracing, bool asksSampler, double ratio)
    {
        tracing
            .AddSource(FanoutTracing.SourceName)
            .AddSource("System.Net.Http") // Calls of the node to others, such as an authority's.
            .AddAspNetCoreInstrumentation(options => options.Filter = IsTraced)
            .AddOtlpExporter();
        // Else the SDK reads the variable by itself.
        if (!asksSampler)
            tracing.SetSampler(new ParentBasedSampler(new RootSampler(ratio)));
    }

    // Asked of sampled requests alone, before anything has looked at them. Whoever has no key could fill the trace store by a header.
    private static bool IsTraced(HttpContext context) =>
        context.Request.Path.StartsWithSegments(TracedPath) && context.RequestServices.GetRequiredService<ApiGate>().Knows(context.Request);

    /// <summary>Whether a signal is exported: an endpoint is set for all or for it, and it is not switched off.</summary>
    private static bool Exports(ConfigurationManager configuration, string signal) =>
        configuration[$"OTEL_{signal}_EXPORTER"] != "none"
        && configuration["OTEL_SDK_DISABLED"] != "true"
        && (!string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]) || !string.IsNullOrEmpty(configuration[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"]));

    /// <summary>Decides about spans that nobody stands above.</summary>
    private sealed class RootSampler(double ratio) : Sampler
    {
        private readonly TraceIdRatioBasedSampler _ratio = new(ratio);

        // A publish that gets here has been drawn by TraceSampling, which makes no object for the others.
        public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
            samplingParameters.Name == FanoutTracing.PublishSpan ? new SamplingResult(SamplingDecision.RecordAndSample) : _ratio.ShouldSample(samplingParameters);
    }
}
