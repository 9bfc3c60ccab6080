using System.Buffers;

namespace Fanout.Node.Backplane.Redis.Subscriber;

internal enum PubSubReplyKind
{
    /// <summary>More bytes are needed.</summary>
    None,
    Message,
    Subscribed,
    Unsubscribed,
    Pong,

    /// <summary>A status such as OK.</summary>
    Status,
    Error,

    /// <summary>A reply that this connection does not expect; skipped.</summary>
    Other,
}

/// <summary>One reply on a connection in subscribe mode. The bytes are valid until the reader moves on.</summary>
internal readonly struct PubSubReply
{
    public PubSubReplyKind Kind { get; init; }

    /// <summary>The channel, or the text of a status or error.</summary>
    public ReadOnlySequence<byte> Subject { get; init; }

    /// <summary>A message's payload.</summary>
    public ReadOnlySequence<byte> Payload { get; init; }
}
