namespace Fanout.Shared.Envelopes;

/// <summary>One message of a client, decoded as far as every command needs it. The payload still points into the received bytes.</summary>
public ref struct ClientMessage
{
    /// <summary>What to do; a wire name of <see cref="Protocol.MessageTypes"/>. Empty where the message had none.</summary>
    public string Type { get; set; }

    /// <summary>Repeated in the answer; absent if the client wants none.</summary>
    public string? Id { get; set; }

    public string? Room { get; set; }

    /// <summary>Idempotency key of a publish.</summary>
    public string? Key { get; set; }

    /// <summary>Method of a request.</summary>
    public string? Method { get; set; }

    /// <summary><see langword="false"/>: the publisher does not want its own message back.</summary>
    public bool Echo { get; set; }

    /// <summary>Trace context of a publish or request (W3C <c>traceparent</c>), as it came; empty where there was none, or none that is a plain string.</summary>
    public ReadOnlySpan<byte> TraceParent { get; set; }

    /// <summary>The payload's bytes in the connection's format; empty where the message had none.</summary>
    public ReadOnlySpan<byte> Payload { get; set; }

    /// <summary>What is wrong with the message, in words for its author; <see langword="null"/> for a sound one.</summary>
    public string? Problem { get; set; }
}
