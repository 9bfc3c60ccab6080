using Microsoft.Net.Http.Headers;

namespace Fanout.Node.Api.Messages;

/// <summary>Whether a request's body says that it is JSON in UTF-8.</summary>
internal static class JsonBody
{
    // As most callers write it.
    private const string Usual = "application/json";

    /// <summary>Why it cannot be read; null where it can.</summary>
    public static ApiProblem? ContentProblem(HttpRequest request)
    {
        if (request.Headers.ContentEncoding.Count > 0 && request.Headers.ContentEncoding != "identity")
            return ApiProblem.WrongContent("A body with a Content-Encoding is not taken.");
        var type = request.ContentType;
        if (string.IsNullOrEmpty(type) || type == Usual)
            return null;
        if (!MediaTypeHeaderValue.TryParse(type, out var parsed) || !IsJson(parsed))
            return ApiProblem.WrongContent($"The body must be JSON (Content-Type: {Usual}).");
        return parsed.Charset.HasValue && !parsed.Charset.Value.AsSpan().Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase)
            ? ApiProblem.WrongContent("The body must be in UTF-8.")
            : null;
    }

    // curl -d says that it sends a form, whatever it sends; nobody means one here.
    private static bool IsJson(MediaTypeHeaderValue type) =>
        type.MediaType.Equals(Usual, StringComparison.OrdinalIgnoreCase)
        || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase)
        || type.MediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase);
}
