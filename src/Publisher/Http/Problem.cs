using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Fanout.Client;

namespace Fanout.Publisher.Http;

/// <summary>Problem documents (RFC 9457) with <c>code</c> and <c>retryable</c>, as errors.</summary>
internal static class Problem
{
    public static FanoutException Read(byte[] body, HttpStatusCode status, RetryConditionHeaderValue? retryAfter)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return Read(document.RootElement, status, retryAfter?.Delta);
        }
        catch (JsonException)
        {
            // A proxy on the way, which speaks HTML.
            return new FanoutException(Code(status), $"The request was answered with HTTP {(int)status}.")
            {
                IsRetryable = (int)status is 408 or 429 or >= 500,
                StatusCode = status,
                RetryAfter = retryAfter?.Delta,
            };
        }
    }

    public static FanoutException Read(JsonElement problem, HttpStatusCode? status, TimeSpan? retryAfter)
    {
        if (problem.ValueKind != JsonValueKind.Object)
            return new FanoutException(FanoutErrorCodes.BadMessage, "The result of a message is neither an acknowledgement nor a problem.");
        status ??= problem.TryGetProperty("status", out var number) && number.TryGetInt32(out var value) ? (HttpStatusCode)value : null;
        var code = Text(problem, "code") ?? Code(status ?? HttpStatusCode.InternalServerError);
        return new FanoutException(code, Text(problem, "detail") ?? Text(problem, "title") ?? $"The message was refused: {code}.")
        {
            IsRetryable = problem.TryGetProperty("retryable", out var retryable) && retryable.ValueKind == JsonValueKind.True,
            StatusCode = status,
            RetryAfter = retryAfter,
        };
    }

    private static string? Text(JsonElement problem, string name) =>
        problem.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Code(HttpStatusCode status) => (int)status switch
    {
        401 => FanoutErrorCodes.Unauthorized,
        403 => FanoutErrorCodes.Forbidden,
        404 => FanoutErrorCodes.NotFound,
        413 => FanoutErrorCodes.TooLarge,
        429 => FanoutErrorCodes.RateLimited,
        408 or 504 => FanoutErrorCodes.Timeout,
        >= 500 => FanoutErrorCodes.Internal,
        _ => FanoutErrorCodes.BadMessage,
    };
}
