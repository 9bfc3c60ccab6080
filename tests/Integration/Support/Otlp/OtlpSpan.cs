using System.Globalization;

namespace Fanout.Tests.Integration.Support.Otlp;

/// <summary>A span as a node exported it (opentelemetry/proto/trace/v1).</summary>
/// <param name="Node">The node's name: <c>service.instance.id</c> of its resource.</param>
/// <param name="Scope">The source.</param>
/// <param name="ParentId">Empty for a root.</param>
/// <param name="Links">Trace and span of each.</param>
internal sealed record OtlpSpan(
    string Node,
    string Scope,
    string TraceId,
    string SpanId,
    string ParentId,
    string Name,
    ulong Start,
    ulong End,
    bool IsError,
    IReadOnlyDictionary<string, string> Attributes,
    IReadOnlyList<(string TraceId, string SpanId)> Links)
{
    public static IEnumerable<OtlpSpan> ReadAll(ReadOnlyMemory<byte> request) =>
        from resource in new ProtoMessage(request).Messages(1)
        let node = OtlpAttributes.Read(resource.Messages(1).Single(), 1).GetValueOrDefault("service.instance.id", "")
        from scope in resource.Messages(2)
        from span in scope.Messages(2)
        select new OtlpSpan(
            node,
            scope.Messages(1).Single().Text(1),
            span.Hex(1),
            span.Hex(2),
            span.Hex(4),
            span.Text(5),
            span.Number(7),
            span.Number(8),
            span.Messages(15).Any(status => status.Number(3) == 2),
            OtlpAttributes.Read(span, 9),
            [.. span.Messages(13).Select(link => (link.Hex(1), link.Hex(2)))]);
}

/// <summary>A log record as a node exported it (opentelemetry/proto/logs/v1).</summary>
internal sealed record OtlpLog(string Node, string Severity, string Body, string EventName, string TraceId, IReadOnlyDictionary<string, string> Attributes)
{
    public static IEnumerable<OtlpLog> ReadAll(ReadOnlyMemory<byte> request) =>
        from resource in new ProtoMessage(request).Messages(1)
        let node = OtlpAttributes.Read(resource.Messages(1).Single(), 1).GetValueOrDefault("service.instance.id", "")
        from scope in resource.Messages(2)
        from log in scope.Messages(2)
        select new OtlpLog(
            node, log.Text(3), log.Messages(5).Select(body => body.Text(1)).FirstOrDefault(""), log.Text(12), log.Hex(9), OtlpAttributes.Read(log, 6));
}

/// <summary>One value of a metric as a node exported it (opentelemetry/proto/metrics/v1): of a sum or a gauge its value, of a histogram its count.</summary>
/// <param name="Name">With dots, as instruments are named.</param>
internal sealed record OtlpPoint(string Node, string Scope, string Name, string Unit, double Value, IReadOnlyDictionary<string, string> Attributes)
{
    public static IEnumerable<OtlpPoint> ReadAll(ReadOnlyMemory<byte> request) =>
        from resource in new ProtoMessage(request).Messages(1)
        let node = OtlpAttributes.Read(resource.Messages(1).Single(), 1).GetValueOrDefault("service.instance.id", "")
        from scope in resource.Messages(2)
        from metric in scope.Messages(2)
        from data in (int[])[5, 7, 9] // Gauge, sum, histogram.
        from points in metric.Messages(data)
        from point in points.Messages(1)
        select new OtlpPoint(
            node, scope.Messages(1).Single().Text(1), metric.Text(1), metric.Text(3), data == 9 ? point.Number(4) : ValueOf(point), OtlpAttributes.Read(point, data == 9 ? 9 : 7));

    private static double ValueOf(ProtoMessage point) => point.Has(6) ? (long)point.Number(6) : BitConverter.UInt64BitsToDouble(point.Number(4));
}

internal static class OtlpAttributes
{
    /// <summary>A message's attributes, as text.</summary>
    public static IReadOnlyDictionary<string, string> Read(ProtoMessage owner, int field) =>
        owner.Messages(field).ToDictionary(pair => pair.Text(1), pair => Value(pair.Messages(2).Single()));

    private static string Value(ProtoMessage any) => any switch
    {
        _ when any.Has(2) => any.Number(2) == 1 ? "true" : "false",
        _ when any.Has(3) => ((long)any.Number(3)).ToString(CultureInfo.InvariantCulture),
        _ => any.Text(1),
    };
}
