using Fanout.Node.Backplane;
using Fanout.Node.Publishing;
using Fanout.Shared.Protocol;
using Microsoft.AspNetCore.Mvc;

namespace Fanout.Node.Api;

/// <summary>Error answers of the API: problem details (RFC 9457) whose <c>type</c> is stable and ends in the code that sockets get too.</summary>
internal static class ApiProblem
{
    private const string TypePrefix = "urn:fanout:problem:";

    public static IResult BadRoom(string room) => Of(400, ErrorCode.BadRoom, $"'{room}' is no room name: {Rooms.RoomService.RoomProblem(room)}");

    public static IResult BadRequest(string detail) => Of(400, ErrorCode.BadMessage, detail);

    public static IResult Unauthorized() => Of(401, ErrorCode.Unauthorized, "The header X-Api-Key is missing or holds no known key.");

    public static IResult Forbidden(string detail) => Of(403, ErrorCode.Forbidden, detail);

    public static IResult NotFound(string detail) => Of(404, ErrorCode.NotFound, detail);

    public static IResult Timeout(string detail) => Of(504, ErrorCode.Timeout, detail);

    public static IResult TooLarge(long limit) => Of(413, ErrorCode.TooLarge, $"A payload may have {limit} bytes.");

    public static IResult Unavailable() => Of(503, ErrorCode.BackplaneUnavailable, "The backplane cannot be reached; try again later.");

    /// <summary>The problem behind a publish's outcome; null for an outcome that is none.</summary>
    public static IResult? OfPublish(PublishOutcome outcome)
    {
        if (PublishProblems.Of(outcome) is not var (code, text))
            return null;
        var status = code switch
        {
            ErrorCode.Conflict => 409,
            ErrorCode.Timeout => 504,
            _ => 503,
        };
        return Of(status, code, text);
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

    private static IResult Of(int status, ErrorCode code, string detail) => Results.Problem(
        detail,
        statusCode: status,
        type: TypePrefix + code.ToWire(),
        extensions: [new("code", code.ToWire()), new("retryable", code.IsRetryable())]);
}
