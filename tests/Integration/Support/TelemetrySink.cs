using System.Collections.Concurrent;
using System.Text;
using Fanout.Tests.Integration.Support.Otlp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Fanout.Tests.Integration.Support;

/// <summary>Takes what a node exports by OTLP over HTTP, and keeps the bytes. Strings stand in protobuf as they are, in UTF-8.</summary>
internal sealed class TelemetrySink : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<string> _bodies = new();
    private readonly ConcurrentQueue<OtlpSpan> _spans = new();
    private readonly ConcurrentQueue<OtlpLog> _logs = new();
    private readonly ConcurrentQueue<OtlpPoint> _points = new();
    private int _traces;

    private TelemetrySink()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Urls.Add("http://127.0.0.1:0");
        _app.MapPost("/v1/{signal}", async (string signal, HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            _bodies.Enqueue(Encoding.Latin1.GetString(body.ToArray()));
            if (signal == "traces")
            {
                Interlocked.Increment(ref _traces);
                foreach (var span in OtlpSpan.ReadAll(body.ToArray()))
                    _spans.Enqueue(span);
            }
            else if (signal == "metrics")
            {
                foreach (var point in OtlpPoint.ReadAll(body.ToArray()))
                    _points.Enqueue(point);
            }
            else if (signal == "logs")
            {
                foreach (var log in OtlpLog.ReadAll(body.ToArray()))
                    _logs.Enqueue(log);
            }

            return Results.Bytes([], "application/x-protobuf");
        });
    }

    public Uri Uri => new(_app.Urls.First());

    /// <summary>How often spans came.</summary>
    public int Traces => Volatile.Read(ref _traces);

    /// <summary>Everything that came, one text a request.</summary>
    public IReadOnlyCollection<string> Bodies => _bodies;

    public IReadOnlyCollection<OtlpSpan> Spans => _spans;

    public IReadOnlyCollection<OtlpLog> Logs => _logs;

    /// <summary>Values of metrics, each as often as it was exported.</summary>
    public IReadOnlyCollection<OtlpPoint> Points => _points;

    /// <summary>Environment variables that make a node export to here, soon.</summary>
    public Dictionary<string, string> NodeEnvironment() => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Uri.ToString(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "100",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
    };

    public static async Task<TelemetrySink> StartAsync()
    {
        var sink = new TelemetrySink();
        await sink._app.StartAsync();
        return sink;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
