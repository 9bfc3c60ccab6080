using Fanout.Node.Backplane;
using Fanout.Node.Limits;
using Fanout.Node.Publishing;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Api.Messages;

/// <summary>
/// <c>POST /api/v1/messages</c>: up to a thousand messages to rooms and users, with one result each, in order; a bad one harms only itself.
/// </summary>
/// <remarks>
/// All are handed to the backplane before the first answer is awaited, so that they travel together, and those of one room in their order.
/// </remarks>
internal sealed partial class BatchEndpoint(Publisher publisher, LimitsOptions limits, BytesInFlight inFlight, ILogger<BatchEndpoint> logger)
{
    public async Task HandleAsync(HttpContext context, ApiKeyOptions caller)
    {
        var request = context.Request;
        var length = request.ContentLength ?? 0;
        var refusal = JsonBody.ContentProblem(request)
            ?? (limits.MaxBatchBytes > 0 && length > limits.MaxBatchBytes ? TooLarge() : null)
            ?? (inFlight.HasRoomFor(length) ? null : ApiProblem.TooMuchInFlight());
        if (refusal is not null)
        {
            await refusal.ExecuteAsync(context);
            return;
        }

        var body = await BodyReader.ReadAsync(request.BodyReader, limits.MaxBatchBytes, inFlight);
        try
        {
            var items = new List<BatchItem>();
            ApiProblem? problem;
            (string Id, Task<PublishResult> Result)[] publishes = [];
            try
            {
                problem = body.IsTooMuch ? ApiProblem.TooMuchInFlight()
                    : body.IsOver(limits.MaxBatchBytes) ? TooLarge()
                    : BatchReader.Read(body.Whole(), limits.MaxMessageBytes, items);
                if (problem is null)
                    publishes = Publish(items, caller);
            }
            finally
            {
                request.BodyReader.AdvanceTo(body.Buffer.End);
            }

            if (problem is not null)
                await problem.ExecuteAsync(context);
            else
                Answer(context.Response, items, await SettleAsync(items, publishes));
        }
        finally
        {
            inFlight.Leave(body.Held);
        }
    }

    private ApiProblem TooLarge() => ApiProblem.TooLarge($"A batch may have {limits.MaxBatchBytes} bytes.");

    private (string Id, Task<PublishResult> Result)[] Publish(List<BatchItem> items, ApiKeyOptions caller)
    {
        var publishes = new (string Id, Task<PublishResult> Result)[items.Count];
        for (var i = 0; i < publishes.Length; i++)
        {
            var item = items[i];
            if (item.Problem is null)
            {
                var request = new PublishRequest(
                    item.Room, new Payload(WireFormat.Json, item.Payload), From: null, item.Headers.Exclude, PublishSource.Http, caller.Principal, item.Headers.Key, item.IsUser);
                var publish = publisher.PublishAsync(request, out var id);
                publishes[i] = (id, publish.AsTask());
            }
        }

        return publishes;
    }

    private async Task<PublishResult[]> SettleAsync(List<BatchItem> items, (string Id, Task<PublishResult> Result)[] publishes)
    {
        var results = new PublishResult[publishes.Length];
        for (var i = 0; i < results.Length; i++)
        {
            if (items[i].Problem is not null)
                continue;
            try
            {
                results[i] = await publishes[i].Result;
                if (ApiProblem.OfPublish(results[i].Outcome) is { } problem)
                    items[i] = BatchItem.Refused(problem);
            }
            catch (Exception e)
            {
                // One message's failure is nothing to the others, which may have been stored.
                LogFailed(logger, e, publishes[i].Id);
                items[i] = BatchItem.Refused(ApiProblem.Internal());
            }
        }

        return results;
    }

    private static void Answer(HttpResponse response, List<BatchItem> items, PublishResult[] results)
    {
        var answer = AnswerBuffer.Rent();
        answer.Json.WriteStartObject();
        answer.Json.WriteStartArray("results"u8);
        for (var i = 0; i < results.Length; i++)
        {
            if (items[i].Problem is { } problem)
                problem.Write(answer.Json);
            else
                answer.Write(results[i], items[i].IsUser);
        }

        answer.Json.WriteEndArray();
        answer.Json.WriteEndObject();
        answer.Send(response);
    }

    [LoggerMessage(1750, LogLevel.Error, "Message {MessageId} of a batch could not be published", EventName = "BatchItemFailed")]
    private static partial void LogFailed(ILogger logger, Exception exception, string messageId);
}
