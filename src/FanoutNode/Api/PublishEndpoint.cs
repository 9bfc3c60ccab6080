using System.Buffers;
using Fanout.Node.Limits;
using Fanout.Node.Publishing;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Api;

/// <summary><c>POST /api/v1/rooms/{room}/messages</c>: publishes the body, which is any JSON value.</summary>
internal static class PublishEndpoint
{
    private const string KeyHeader = "Idempotency-Key";
    private const string ExcludeHeader = "Fanout-Exclude";

    // Longer than any client id; the message's header has a byte for the length.
    private const int MaxExcludeLength = 64;

    public static async Task<IResult> HandleAsync(string room, HttpRequest request, Publisher publisher, LimitsOptions limits, CancellationToken cancellation)
    {
        if (!RoomName.IsValid(room))
            return ApiProblem.BadRoom(room);
        var excluded = request.Headers[ExcludeHeader].ToString();
        if (excluded.Length > MaxExcludeLength || !System.Text.Ascii.IsValid(excluded))
            return ApiProblem.BadRequest($"The header {ExcludeHeader} must hold a client id.");

        string? key = request.Headers[KeyHeader];
        if (key is { Length: 0 or > ProtocolLimits.MaxKeyLength })
            return ApiProblem.BadRequest($"The header {KeyHeader} must have 1 to {ProtocolLimits.MaxKeyLength} characters.");

        var body = await ReadBodyAsync(request, limits.MaxMessageBytes, cancellation);
        if (body is null)
            return ApiProblem.TooLarge(limits.MaxMessageBytes);
        if (!JsonPayload.TryCheck(body.Value, out var payload, out var problem))
            return ApiProblem.BadRequest(body.Value.IsEmpty ? "The body is empty; it must be one JSON value." : $"The body is refused: {problem}.");

        var result = await publisher.PublishAsync(new PublishRequest(
            room, new Payload(WireFormat.Json, payload), From: null, excluded.Length == 0 ? null : excluded, PublishSource.Http, ApiKeyFilter.CallerOf(request.HttpContext), key));
        return ApiProblem.OfPublish(result.Outcome)
            ?? Results.Json(new PublishAnswer(result.MessageId, result.Offset, result.Epoch, result.Nodes), ApiJson.Default.PublishAnswer);
    }

    // Null if it is over the limit. Read as it comes, so that a body without a length cannot fill the memory.
    private static async Task<ReadOnlyMemory<byte>?> ReadBodyAsync(HttpRequest request, int limit, CancellationToken cancellation)
    {
        if (limit > 0 && request.ContentLength > limit)
            return null;
        while (true)
        {
            var result = await request.BodyReader.ReadAsync(cancellation);
            if (limit > 0 && result.Buffer.Length > limit)
            {
                request.BodyReader.AdvanceTo(result.Buffer.End);
                return null;
            }

            if (result.IsCompleted)
            {
                var body = result.Buffer.ToArray();
                request.BodyReader.AdvanceTo(result.Buffer.End);
                return body;
            }

            request.BodyReader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }
}
