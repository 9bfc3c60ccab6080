using System.Text.Json.Serialization;

namespace Fanout.Node.Diagnostics;

/// <summary><c>/healthz/live</c> and <c>/healthz/ready</c>.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz/live", () => Results.Text("live\n")).ExcludeFromDescription();
        routes.MapGet("/healthz/ready", (Readiness readiness) =>
        {
            var ready = readiness.IsReady(out var checks);
            var body = new ReadyBody(ready, [.. checks.Select(check => new ReadyCheck(check.Name, check.Ok, check.Detail, check.Since))]);
            return Results.Json(body, HealthJson.Default.ReadyBody, statusCode: ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
        }).ExcludeFromDescription();
    }
}

internal sealed record ReadyBody(bool Ready, IReadOnlyList<ReadyCheck> Checks);

internal sealed record ReadyCheck(string Name, bool Ok, string Detail, DateTimeOffset Since);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ReadyBody))]
internal sealed partial class HealthJson : JsonSerializerContext;
