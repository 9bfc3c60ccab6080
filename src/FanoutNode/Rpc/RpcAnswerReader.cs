using System.Globalization;
using System.Net;
using System.Text.Json;
using Fanout.Node.BackEnds;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Rpc;

/// <summary>Reads what a back end answered: 2xx is the answer, a problem in 4xx is a refusal on purpose, everything else is a failure.</summary>
internal static class RpcAnswerReader
{
    private const string ProblemType = "application/problem+json";
    private const int MaxMessageLength = 500;
    private static readonly byte[] Null = "null"u8.ToArray();

    // What a back end may tell a client. The others speak of this node or of the protocol, and would be lies.
    private static readonly ErrorCode[] Speakable =
    [
        ErrorCode.BadMessage, ErrorCode.Unauthorized, ErrorCode.Forbidden, ErrorCode.TooLarge, ErrorCode.RateLimited, ErrorCode.NotFound,
        ErrorCode.Conflict, ErrorCode.MethodNotFound, ErrorCode.UpstreamFailed,
    ];

    public static async Task<RpcResult> ReadAsync(HttpResponseMessage response, int maxBytes, DateTimeOffset now, CancellationToken cancellation)
    {
        var status = (int)response.StatusCode;
        var retryAfter = RetryAfter(response, now);
        var isProblem = status is >= 400 and < 500 && response.Content.Headers.ContentType?.MediaType == ProblemType;
        if (status is not (>= 200 and < 300) && !isProblem)
            return RpcResult.Fail(string.Create(CultureInfo.InvariantCulture, $"it answered {status}"), retryAfter);

        var body = await BackEndHttp.ReadBodyAsync(response.Content, maxBytes, cancellation);
        if (body is null)
        {
            return new RpcResult(
                RpcOutcome.TooLarge, Code: ErrorCode.TooLarge, Message: "the back end's answer is too large", Detail: $"an answer has more than {maxBytes} bytes");
        }

        return isProblem ? ReadProblem(response.StatusCode, body, retryAfter) : ReadPayload(body);
    }

    // 204, and a 200 without a body: there is nothing to say but that it is done.
    private static RpcResult ReadPayload(byte[] body)
    {
        if (body.Length == 0)
            return new RpcResult(RpcOutcome.Answered, Null);
        return JsonPayload.TryCheck(body, out var value, out var problem)
            ? new RpcResult(RpcOutcome.Answered, value)
            : RpcResult.Fail($"its answer cannot be used: {problem}");
    }

    private static RpcResult ReadProblem(HttpStatusCode status, byte[] body, long? retryAfter)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                return RpcResult.Fail("its problem is no object");
            var code = Text(root, "code") is { } name && ErrorCodes.FromWire(name) is { } known && Speakable.Contains(known) ? known : CodeOf(status);
            var message = Text(root, "detail") ?? Text(root, "title") ?? "the back end refused";
            return new RpcResult(RpcOutcome.Refused, Code: code, Message: Cut(message), RetryAfterMs: retryAfter);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return RpcResult.Fail("its problem is no JSON");
        }
    }

    private static ErrorCode CodeOf(HttpStatusCode status) => (int)status switch
    {
        401 => ErrorCode.Unauthorized,
        403 => ErrorCode.Forbidden,
        404 or 410 => ErrorCode.NotFound,
        409 or 412 => ErrorCode.Conflict,
        413 => ErrorCode.TooLarge,
        429 => ErrorCode.RateLimited,
        408 or 423 or 425 => ErrorCode.UpstreamFailed,
        _ => ErrorCode.BadMessage,
    };

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    // At a whole character, or the client would get half a pair.
    private static string Cut(string text) => text.Length <= MaxMessageLength ? text : text[..(char.IsHighSurrogate(text[MaxMessageLength - 1]) ? MaxMessageLength - 1 : MaxMessageLength)];

    private static long? RetryAfter(HttpResponseMessage response, DateTimeOffset now) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => (long)delta.TotalMilliseconds,
        { Date: { } date } => Math.Max(0, (long)(date - now).TotalMilliseconds),
        _ => null,
    };
}
