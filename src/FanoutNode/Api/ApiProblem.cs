using System.Globalization;
using System.Text.Json;
using Fanout.Node.Backplane;
using Fanout.Node.Publishing;
using Fanout.Shared.Protocol;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace Fanout.Node.Api;

/// <summary>An error answer of the API: problem details (RFC 9457) whose <c>type</c> is stable and ends in the code that sockets get too.</summary>
internal sealed record ApiProblem(int Status, ErrorCode Code, string Detail) : IResult
{
    private const string TypePrefix = "urn:fanout:problem:";

    // What refuses for want of room or of the backplane has changed by then, or takes longer; callers add a spread of their own.
    private const int RetryAfterSeconds = 1;

    public static ApiProblem BadRoom(string room) => new(400, ErrorCode.BadRoom, $"'{room}' is no room name: {Rooms.RoomService.RoomProblem(room)}");

    public static ApiProblem BadRequest(string detail) => new(400, ErrorCode.BadMessage, detail);

    public static ApiProblem Unauthorized() => new(401, ErrorCode.Unauthorized, "The header X-Api-Key is missing or holds no known key.");

    public static ApiProblem Forbidden(string detail) => new(403, ErrorCode.Forbidden, detail);

    public static ApiProblem NotFound(string detail) => new(404, ErrorCode.NotFound, detail);

    public static ApiProblem Timeout(string detail) => new(504, ErrorCode.Timeout, detail);

    public static ApiProblem TooLarge(string detail) => new(413, ErrorCode.TooLarge, detail);

    public static ApiProblem PayloadTooLarge(long limit) => TooLarge($"A payload may have {limit} bytes.");

    public static ApiProblem WrongContent(string detail) => new(415, ErrorCode.BadMessage, detail);

    public static ApiProblem TooMuchInFlight() => new(429, ErrorCode.RateLimited, "This node has as many bytes of publishes under way as it takes.");

    public static ApiProblem Internal() => new(500, ErrorCode.Internal, "The request failed in the node; it has been logged.");

    public static ApiProblem Unavailable() => new(503, ErrorCode.BackplaneUnavailable, "The backplane cannot be reached; try again later.");

    /// <summary>The problem behind a publish's outcome; null for an outcome that is none.</summary>
    public static ApiProblem? OfPublish(PublishOutcome outcome)
    {
        if (PublishProblems.Of(outcome) is not var (code, text))
            return null;
        var status = code switch
        {
            ErrorCode.Conflict => 409,
            ErrorCode.Timeout => 504,
            _ => 503,
        };
        return new ApiProblem(status, code, text);
    }

    /// <summary>Gives a refusal that ASP.NET made its code and its words.</summary>
    public static void Complete(ProblemDetails problem)
    {
        if (problem.Extensions.ContainsKey("code"))
            return;
        var (code, detail) = problem.Status switch
        {
            404 => (ErrorCode.NotFound, "There is nothing at this path."),
            405 => (ErrorCode.BadMessage, "This path does not take this method; the header Allow names those that it does."),
            413 => (ErrorCode.TooLarge, "The request is larger than this node takes."),
            408 => (ErrorCode.Timeout, "The request did not come in time."),
            >= 500 => (ErrorCode.Internal, "The request failed in the node; it has been logged."),
            _ => (ErrorCode.BadMessage, "The request is malformed."),
        };
        problem.Type = TypePrefix + code.ToWire();
        problem.Detail ??= detail;
        problem.Extensions["code"] = code.ToWire();
        problem.Extensions["retryable"] = code.IsRetryable();
    }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (Status is 429 or 503)
            httpContext.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return Results.Problem(
            Detail,
            statusCode: Status,
            type: TypePrefix + Code.ToWire(),
            extensions: [new("code", Code.ToWire()), new("retryable", Code.IsRetryable())]).ExecuteAsync(httpContext);
    }

    /// <summary>Writes it as one result of a batch.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, TypePrefix + Code.ToWire());
        writer.WriteString("title"u8, ReasonPhrases.GetReasonPhrase(Status));
        writer.WriteNumber("status"u8, Status);
        writer.WriteString("detail"u8, Detail);
        writer.WriteString("code"u8, Code.ToWire());
        writer.WriteBoolean("retryable"u8, Code.IsRetryable());
        writer.WriteEndObject();
    }
}
