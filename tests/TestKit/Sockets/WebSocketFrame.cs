using System.Text;

namespace Fanout.Tests.TestKit.Sockets;

/// <summary>A frame as it came from the server. <paramref name="Rsv"/> holds the three reserved bits, 4 being RSV1.</summary>
public sealed record WebSocketFrame(WebSocketOpcode Opcode, bool Fin, int Rsv, ReadOnlyMemory<byte> Payload)
{
    // Strict, so that a server's bad UTF-8 fails the test that looks at it.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public string Text => Utf8.GetString(Payload.Span);

    public override string ToString() => $"{Opcode} fin={Fin} rsv={Rsv} {Payload.Length} bytes";
}
