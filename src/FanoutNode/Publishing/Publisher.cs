using System.Security.Cryptography;
using Fanout.Node.Backplane;
using Fanout.Node.Diagnostics;
using Fanout.Node.Rooms;

namespace Fanout.Node.Publishing;

/// <summary>The one way of a message into the backplane, from sockets and from HTTP alike.</summary>
internal sealed class Publisher(IBackplane backplane, RoomPolicies policies, MessageIds ids, TimeProvider time, FanoutMetrics metrics)
{
    /// <summary>
    /// Publishes. Calls made one after the other reach the backplane in that order. The payload is copied before this returns: the caller may
    /// use its buffer again.
    /// </summary>
    public ValueTask<PublishResult> PublishAsync(PublishRequest request)
    {
        var id = ids.Next();
        var message = new StoredMessage(id, time.GetUtcNow().ToUnixTimeMilliseconds(), request.From, request.ExcludedClientId, request.Payload);
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

    private static IdempotencyKey? OnceOf(PublishRequest request) => request.Key is null
        ? null
        : new IdempotencyKey(request.Principal, request.Key, Convert.ToHexStringLower(SHA256.HashData(request.Payload.Bytes.Span)));
}
