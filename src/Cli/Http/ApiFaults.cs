using System.Text.Json;
using Fanout.Cli.Running;

namespace Fanout.Cli.Http;

/// <summary>What a refusal of the API means to whoever typed the command.</summary>
internal static class ApiFaults
{
    private const string KeyHint = "Set FANOUT_API_KEY (or --api-key) to one of the node's Fanout:Api:Keys.";

    public static CliException Of(RawAnswer answer, Settings settings)
    {
        var status = (int)answer.Status;
        var problem = answer.Json() is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty("code", out _) ? json : default;
        if (status is >= 300 and < 400)
        {
            return new CliException(ExitCode.Failed, $"{settings.Url} answers with a redirect to {answer.Headers.Location}.", "Give that URL to --url, if you trust it with your key.")
            { Code = "redirect", Status = status };
        }

        // A proxy's own page says nothing about Fanout, but its status may.
        if (problem.ValueKind != JsonValueKind.Object && status is not (401 or 403 or 429 or >= 502))
            return NotFanout(answer, settings);

        var code = problem.Text("code");
        var detail = problem.Text("detail");
        var (exit, hint) = status switch
        {
            401 => (ExitCode.Refused, settings.ApiKey is null ? KeyHint : "The key was sent and is not known there. " + KeyHint),
            403 => (ExitCode.Refused, problem.ValueKind == JsonValueKind.Object ? "Give the key that scope in Fanout:Api:Keys, or use another." : "Something in front of the node refused."),
            404 when detail?.StartsWith("There is nothing at this path", StringComparison.Ordinal) == true =>
                (ExitCode.Failed, "Does the node keep its API on a port of its own (Fanout:Admin:Port)? Is it older than this tool?"),
            429 or 502 or 503 => (ExitCode.TryLater, "Try again in a moment; `fanout doctor` looks for the reason."),
            504 => (ExitCode.TryLater, "It may have happened all the same. `fanout doctor` looks for the reason."),
            _ => (ExitCode.Failed, (string?)null),
        };
        var message = status == 401
            ? settings.ApiKey is null ? "This needs an API key, and none was given." : "The API key was refused."
            : detail ?? $"{settings.Url} answers {status} ({answer.Status}).";
        return new CliException(exit, message, hint) { Status = status, Code = code ?? CodeOf(status) };
    }

    public static CliException NotFanout(RawAnswer answer, Settings settings) => new(
        ExitCode.Failed,
        $"{settings.Url} answers {(int)answer.Status} with {answer.MediaType ?? "no content"}: that is no Fanout node.",
        "Is the port right, and the path, if a proxy is in front?")
    { Code = "not_fanout", Status = (int)answer.Status };

    private static string CodeOf(int status) => status switch
    {
        401 => "unauthorized",
        403 => "forbidden",
        _ => "unavailable",
    };
}
