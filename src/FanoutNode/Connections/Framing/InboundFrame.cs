namespace Fanout.Node.Connections.Framing;

/// <summary>What came out of the byte stream.</summary>
internal enum InboundKind
{
    /// <summary>More bytes are needed.</summary>
    None,

    /// <summary>A whole message, all its fragments together.</summary>
    Message,

    Ping,
    Pong,

    /// <summary>The peer closes; see <see cref="InboundFrame.CloseCode"/>.</summary>
    Close,

    /// <summary>The peer broke the protocol or a limit; nothing behind it can be trusted.</summary>
    Violation,
}

/// <summary>One thing read from a client. <see cref="Payload"/> is valid until the reader reads on.</summary>
internal readonly ref struct InboundFrame
{
    public InboundKind Kind { get; init; }

    /// <summary>Text or binary, for a message.</summary>
    public Opcode Opcode { get; init; }

    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>For a message: whether <see cref="Payload"/> is still compressed; see <see cref="FrameReader.Inflate"/>.</summary>
    public bool IsCompressed { get; init; }

    /// <summary>The peer's code, or null where its close frame had none; for a violation the code to close with.</summary>
    public int? CloseCode { get; init; }

    /// <summary>For a violation: what was wrong.</summary>
    public string? Reason { get; init; }

    public static InboundFrame Violation(Fanout.Shared.Protocol.CloseCode code, string reason) =>
        new() { Kind = InboundKind.Violation, CloseCode = (int)code, Reason = reason };
}
