using System.Security.Cryptography;
using System.Text;
using Fanout.Tests.TestKit.Sockets;

namespace Fanout.Tests.Conformance.Support;

/// <summary>What is sent, and all that must come back.</summary>
/// <param name="Close">The code that the node must close with; null where the client closes with 1000 behind its last frame.</param>
public sealed record Case(IReadOnlyList<byte[]> Sends, IReadOnlyList<Answer> Answers, int? Close)
{
    public string? Extensions { get; init; }

    public static Case Echo(byte[] bytes, params Answer[] answers) => new([bytes], answers, null);

    public static Case Fails(int code, byte[] bytes, params Answer[] before) => new([bytes], before, code);
}

/// <summary>One whole frame of the node. Long payloads are compared by their hash, so that a failure can be read.</summary>
public sealed record Answer(WebSocketOpcode Opcode, int Length, string Content, bool Fin = true, int Rsv = 0)
{
    public static Answer Text(string text) => Text(Encoding.UTF8.GetBytes(text));

    public static Answer Text(byte[] bytes) => Of(WebSocketOpcode.Text, bytes);

    public static Answer Binary(byte[] bytes) => Of(WebSocketOpcode.Binary, bytes);

    public static Answer Pong(byte[] bytes) => Of(WebSocketOpcode.Pong, bytes);

    public static Answer Of(WebSocketFrame frame) => Of(frame.Opcode, frame.Payload.Span) with { Fin = frame.Fin, Rsv = frame.Rsv };

    /// <summary>Of a connection where permessage-deflate was agreed: each message may be compressed, or not.</summary>
    public static Answer OfDeflated(WebSocketFrame frame) => frame is { Rsv: 4, Opcode: WebSocketOpcode.Text or WebSocketOpcode.Binary }
        ? Of(frame.Opcode, Deflate.Inflate(frame.Payload.Span)) with { Fin = frame.Fin }
        : Of(frame);

    private static Answer Of(WebSocketOpcode opcode, ReadOnlySpan<byte> bytes) =>
        new(opcode, bytes.Length, Convert.ToHexString(bytes.Length <= 64 ? bytes : SHA256.HashData(bytes)));
}
