using Fanout.Shared.Protocol;

namespace Fanout.Node.Api.Messages;

/// <summary>What the headers of a publish say, and what a batch says of each item in its place.</summary>
/// <param name="Key">Idempotency key.</param>
/// <param name="Exclude">The connection that does not get the message.</param>
internal readonly record struct PublishHeaders(string? Key, string? Exclude)
{
    private const string KeyHeader = "Idempotency-Key";
    private const string ExcludeHeader = "Fanout-Exclude";

    // Longer than any client id; the message's header has a byte for the length.
    private const int MaxExcludeLength = 64;

    public static ApiProblem? TryRead(HttpRequest request, out PublishHeaders headers)
    {
        headers = default;
        var (keys, excludes) = (request.Headers[KeyHeader], request.Headers[ExcludeHeader]);
        if (keys.Count > 1 || excludes.Count > 1)
            return ApiProblem.BadRequest($"The headers {KeyHeader} and {ExcludeHeader} may each stand once.");
        if (!IsKey(keys))
            return ApiProblem.BadRequest($"The header {KeyHeader} must have 1 to {ProtocolLimits.MaxKeyLength} characters, none of them a control character.");
        // Some clients send a header that they have nothing for.
        string? exclude = excludes is [{ Length: > 0 } some] ? some : null;
        if (!IsExclude(exclude))
            return ApiProblem.BadRequest($"The header {ExcludeHeader} must hold a client id.");
        headers = new PublishHeaders(keys, exclude);
        return null;
    }

    // Kestrel lets control characters in headers pass, but for line ends and NUL.
    public static bool IsKey(string? key) => key is null || (key.Length is > 0 and <= ProtocolLimits.MaxKeyLength && !key.Any(char.IsControl));

    public static bool IsExclude(string? exclude) => exclude is null || (exclude.Length is > 0 and <= MaxExcludeLength && System.Text.Ascii.IsValid(exclude) && !exclude.Any(char.IsControl));
}
