using System.Diagnostics;
using System.Security.Cryptography;
using Fanout.Node.Backplane;
using Fanout.Node.Diagnostics;
using Fanout.Node.Rooms;

namespace Fanout.Node.Publishing;

/// <summary>The one way of a message into the backplane, from sockets and from HTTP alike.</summary>
internal sealed class Publisher(IBackplane backplane, RoomPolicies policies, MessageIds ids, FleetClock clock, TraceSampling sampling, FanoutMetrics metrics)
{
    /// <summary>
    /// Publishes. Calls made one after the other reach the backplane in that order. The payload is copied before this returns: the caller may
    /// use its buffer again.
    /// </summary>
    /// <param name="id">The message's id, so that whoever publishes can name it when that fails.</param>
    public ValueTask<PublishResult> PublishAsync(in PublishRequest request, out string id)
    {
        var span = sampling.StartPublish(request.Source == PublishSource.Http ? TraceSampling.OfRequest() : request.Trace);
        id = ids.Next();
        return span is null ? PublishAsync(request, id, null) : PublishTracedAsync(request, id, span);
    }

    private ValueTask<PublishResult> PublishAsync(in PublishRequest request, string id, Activity? span)
    {
        var message = new StoredMessage(id, clock.UnixMilliseconds, request.From, request.ExcludedClientId, request.Payload)
        {
            Trace = span is null ? null : new MessageTrace(span.Context),
        };
        byte[] data;
        try
        {
            data = MessageCodec.Encode(message);
        }
        catch (Exception e)
        {
            // This message's failure, like one of its publish: it must not end the connection that it came on.
            return ValueTask.FromException<PublishResult>(e);
        }

        metrics.Published(request.Source);
        return backplane.PublishAsync(new Publication(request.Room, policies.For(request.Room), id, data, OnceOf(request), request.CountsMembers));
    }

    // Up to the first await it runs at once, like the other: the order is kept.
    private async ValueTask<PublishResult> PublishTracedAsync(PublishRequest request, string id, Activity span)
    {
        using (span)
        {
            span.SetTag(FanoutTracing.System, FanoutTracing.SystemName)
                .SetTag(FanoutTracing.Operation, "send")
                .SetTag(FanoutTracing.Destination, request.Room)
                .SetTag(FanoutTracing.MessageId, id)
                .SetTag(FanoutTracing.MessageSize, request.Payload.Bytes.Length);
            if (request.From is { } from)
                span.SetTag(FanoutTracing.ClientId, from.ClientId);
            using var sending = FanoutTracing.Source.StartActivity(FanoutTracing.BackplaneSpan, ActivityKind.Producer, span.Context);
            try
            {
                var result = await PublishAsync(request, id, sending ?? span);
                Tell(sending ?? span, result);
                if (PublishProblems.Of(result.Outcome) is var (_, text))
                    span.SetStatus(ActivityStatusCode.Error, text);
                return result;
            }
            catch (Exception e)
            {
                span.SetStatus(ActivityStatusCode.Error, e.Message);
                throw;
            }
        }
    }

    private void Tell(Activity sending, in PublishResult result)
    {
        sending.SetTag("db.system.name", backplane.System)
            .SetTag(FanoutTracing.MessageId, result.MessageId)
            .SetTag(FanoutTracing.Outcome, FanoutMetrics.NameOf(result.Outcome))
            .SetTag(FanoutTracing.Nodes, result.Nodes);
        if (result.Offset is { } offset)
            sending.SetTag(FanoutTracing.Offset, offset);
    }

    private static IdempotencyKey? OnceOf(in PublishRequest request) => request.Key is null
        ? null
        : new IdempotencyKey(request.Principal, request.Key, Convert.ToHexStringLower(SHA256.HashData(request.Payload.Bytes.Span)));
}
