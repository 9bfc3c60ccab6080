using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using Fanout.Client;
using Fanout.Publisher.Batching;

namespace Fanout.Publisher.Http;

/// <summary>Sends batches (docs/protocol.md, section 15), and tells each caller what became of its message.</summary>
internal sealed class BatchSender(HttpClient http, Uri address)
{
    private static readonly ActivitySource Source = new("Fanout.Publisher");
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    /// <param name="again">Gets those that the node refused for the moment.</param>
    /// <param name="maxRefusals">So often a message may be refused before its caller is told.</param>
    /// <exception cref="Exception">The request failed as a whole: nobody has been told.</exception>
    public async Task SendAsync(List<QueuedPush> batch, List<QueuedPush> again, int maxRefusals, CancellationToken cancellation)
    {
        using var activity = Source.StartActivity(
            "fanout.publish.batch", ActivityKind.Client, parentContext: default,
            links: batch.Where(push => push.Trace != default).Select(push => new ActivityLink(push.Trace)));
        activity?.SetTag("messaging.system", "fanout").SetTag("messaging.batch.message_count", batch.Count);
        using var request = new HttpRequestMessage(HttpMethod.Post, address);
        // An array, so that a repetition can send it again.
        request.Content = new ByteArrayContent(BatchBody.Write(batch));
        request.Content.Headers.ContentType = Json;
        using var response = await http.SendAsync(request, cancellation);
        var body = await response.Content.ReadAsByteArrayAsync(cancellation);
        if (!response.IsSuccessStatusCode)
            throw Problem.Read(body, response.StatusCode, response.Headers.RetryAfter);
        Tell(batch, again, maxRefusals, body);
    }

    private static void Tell(List<QueuedPush> batch, List<QueuedPush> again, int maxRefusals, byte[] body)
    {
        using var answer = Parse(body);
        if (answer.RootElement.ValueKind != JsonValueKind.Object || !answer.RootElement.TryGetProperty("results", out var results) || results.ValueKind != JsonValueKind.Array || results.GetArrayLength() != batch.Count)
            throw new FanoutException(FanoutErrorCodes.BadMessage, "The answer to a batch has not one result for each message.");
        for (var i = 0; i < batch.Count; i++)
        {
            if (BatchBody.ReadResult(results[i], out var error) is { } pushed)
                batch[i].Succeed(pushed);
            else if (error!.IsRetryable && ++batch[i].Refusals <= maxRefusals && !batch[i].IsOver)
                again.Add(batch[i]);
            else
                batch[i].Fail(error);
        }
    }

    private static JsonDocument Parse(byte[] body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException e)
        {
            throw new FanoutException(FanoutErrorCodes.BadMessage, "The answer to a batch is no JSON.", e);
        }
    }
}
