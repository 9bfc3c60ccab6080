using Fanout.Node.Diagnostics;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Fanout.Node.Hosting;

/// <summary>OpenTelemetry: Prometheus text at <c>/metrics</c> always, OTLP where an endpoint is configured.</summary>
internal static class TelemetryServices
{
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration, string nodeName)
    {
        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("fanout-node", serviceVersion: NodeStatus.Version, serviceInstanceId: nodeName))
            .WithMetrics(metrics => metrics
                .AddMeter(FanoutMetrics.MeterName)
                .AddRuntimeInstrumentation()
                .AddAspNetCoreInstrumentation()
                .AddPrometheusExporter());
        if (!string.IsNullOrEmpty(configuration[OtlpEndpoint]))
        {
            telemetry
                .WithMetrics(metrics => metrics.AddOtlpExporter())
                .WithTracing(tracing => tracing.AddSource(FanoutMetrics.MeterName).AddAspNetCoreInstrumentation().AddOtlpExporter());
        }

        return services;
    }
}
