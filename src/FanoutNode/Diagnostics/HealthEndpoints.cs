using System.Text.Json.Serialization;

namespace Fanout.Node.Diagnostics;

/// <summary><c>/healthz/live</c>, <c>/healthz/ready</c> and <c>/healthz/startup</c>.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz/live", () => Results.Text("live\n")).ExcludeFromDescription();
        routes.MapGet("/healthz/ready", (Readiness readiness) =>
            Answer(new ReadyBody(readiness.IsReady(out var checks), Shown(checks)), HealthJson.Default.ReadyBody, body => body.Ready)).ExcludeFromDescription();
        routes.MapGet("/healthz/startup", (Readiness readiness) =>
            Answer(new StartedBody(readiness.IsStarted(out var checks), Shown(checks)), HealthJson.Default.StartedBody, body => body.Started)).ExcludeFromDescription();
    }

    private static IReadOnlyList<ReadyCheck> Shown(IReadOnlyList<ReadinessCheck> checks) =>
        [.. checks.Select(check => new ReadyCheck(check.Name, check.Ok, check.Detail, check.Since))];

    private static IResult Answer<T>(T body, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, Func<T, bool> isGood) =>
        Results.Json(body, type, statusCode: isGood(body) ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
}

internal sealed record ReadyBody(bool Ready, IReadOnlyList<ReadyCheck> Checks);

internal sealed record StartedBody(bool Started, IReadOnlyList<ReadyCheck> Checks);

internal sealed record ReadyCheck(string Name, bool Ok, string Detail, DateTimeOffset Since);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ReadyBody))]
[JsonSerializable(typeof(StartedBody))]
internal sealed partial class HealthJson : JsonSerializerContext;
