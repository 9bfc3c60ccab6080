using Fanout.Node.Backplane;
using Fanout.Node.Limits;
using Fanout.Node.Publishing;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Api.Messages;

/// <summary>
/// <c>POST /api/v1/rooms/{room}/messages</c> and <c>POST /api/v1/users/{user}/messages</c>: publish the body, which is any JSON value.
/// </summary>
/// <remarks>
/// The second hot path: no binding and no filters stand before it, and the body is read where Kestrel put it. 1 who, where, how -> 2 the body ->
/// 3 check it and hand it to the backplane, which copies it -> 4 answer.
/// </remarks>
internal sealed partial class PublishEndpoint(Publisher publisher, LimitsOptions limits, BytesInFlight inFlight, ILogger<PublishEndpoint> logger)
{
    public Task ToRoomAsync(HttpContext context, ApiKeyOptions caller)
    {
        // 1
        if (PathName.Of(context).Value is not { } room)
            return ApiProblem.BadRequest("The room's name in the path is not percent-encoded UTF-8.").ExecuteAsync(context);
        return PublishTarget.Problem(room) is { } problem
            ? problem.ExecuteAsync(context)
            : PublishAsync(context, caller, room, isUser: false);
    }

    public Task ToUserAsync(HttpContext context, ApiKeyOptions caller)
    {
        var user = PathName.Of(context);
        return UserEndpoint.Problem(user) is { } problem
            ? problem.ExecuteAsync(context)
            : PublishAsync(context, caller, UserRoom.TryNameFor(user.Value!)!, isUser: true);
    }

    private async Task PublishAsync(HttpContext context, ApiKeyOptions caller, string room, bool isUser)
    {
        var request = context.Request;
        var malformed = PublishHeaders.TryRead(request, out var headers) ?? JsonBody.ContentProblem(request);
        if (malformed is not null)
        {
            await malformed.ExecuteAsync(context);
            return;
        }

        var length = request.ContentLength ?? 0;
        if (limits.MaxMessageBytes > 0 && length > limits.MaxMessageBytes)
        {
            await ApiProblem.PayloadTooLarge(limits.MaxMessageBytes).ExecuteAsync(context);
            return;
        }

        if (!inFlight.HasRoomFor(length))
        {
            await ApiProblem.TooMuchInFlight().ExecuteAsync(context);
            return;
        }

        // 2
        var body = await BodyReader.ReadAsync(request.BodyReader, limits.MaxMessageBytes, inFlight);
        try
        {
            // 3
            ApiProblem? problem;
            var id = "";
            ValueTask<PublishResult> publish = default;
            try
            {
                problem = Check(body, out var payload);
                if (problem is null)
                {
                    publish = publisher.PublishAsync(
                        new PublishRequest(
                            room, new Payload(WireFormat.Json, payload), From: null, headers.Exclude, PublishSource.Http, caller.Principal, headers.Key, isUser),
                        out id);
                }
            }
            finally
            {
                request.BodyReader.AdvanceTo(body.Buffer.End);
            }

            // 4
            var result = default(PublishResult);
            try
            {
                if (problem is null)
                    result = await publish;
            }
            catch (Exception e)
            {
                LogFailed(logger, e, id);
                problem = ApiProblem.Internal();
            }

            problem ??= ApiProblem.OfPublish(result.Outcome);
            if (problem is null)
                Answer(context.Response, result, isUser);
            else
                await problem.ExecuteAsync(context);
        }
        finally
        {
            inFlight.Leave(body.Held);
        }
    }

    private ApiProblem? Check(in RequestBody body, out ReadOnlyMemory<byte> payload)
    {
        payload = default;
        if (body.IsTooMuch)
            return ApiProblem.TooMuchInFlight();
        if (body.IsOver(limits.MaxMessageBytes))
            return ApiProblem.PayloadTooLarge(limits.MaxMessageBytes);
        if (body.Buffer.IsEmpty)
            return ApiProblem.BadRequest("The body is empty; it must be one JSON value.");
        return JsonPayload.TryCheck(body.Whole(), out payload, out var problem) ? null : ApiProblem.BadRequest($"The body is refused: {problem}.");
    }

    private static void Answer(HttpResponse response, in PublishResult result, bool isUser)
    {
        var answer = AnswerBuffer.Rent();
        answer.Write(result, isUser);
        answer.Send(response);
    }

    [LoggerMessage(4001, LogLevel.Error, "Message {MessageId} of a caller of the API could not be published", EventName = "ApiPublishFailed")]
    private static partial void LogFailed(ILogger logger, Exception exception, string messageId);
}
