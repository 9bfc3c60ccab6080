using System.Text;
using Fanout.Tests.TestKit.Sockets;

namespace Fanout.Tests.Conformance.Support;

/// <summary>Bytes that clients send.</summary>
public static class Wire
{
    public static byte[] Frame(int opcode, byte[] payload, bool fin = true, int rsv = 0, bool mask = true) =>
        WebSocketFrames.Client((WebSocketOpcode)opcode, payload, fin, rsv, mask);

    public static byte[] Text(string text) => WebSocketFrames.Text(text);

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static byte[] Of(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7))];

    public static byte[] Letters(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)('a' + (i % 26)))];

    public static byte[] Join(params IEnumerable<byte[]> parts)
    {
        using var all = new MemoryStream();
        foreach (var part in parts)
            all.Write(part);
        return all.ToArray();
    }

    /// <summary>A message in fragments of this size.</summary>
    /// <param name="between">What goes between any two of them.</param>
    public static byte[] Fragments(int opcode, byte[] payload, int size, byte[]? between = null, int rsv = 0) =>
        Join(Pieces(opcode, payload, size, between, rsv));

    private static IEnumerable<byte[]> Pieces(int opcode, byte[] payload, int size, byte[]? between, int rsv)
    {
        for (var at = 0; at < payload.Length; at += size)
        {
            if (at > 0 && between is not null)
                yield return between;
            var piece = payload[at..Math.Min(at + size, payload.Length)];
            yield return Frame(at == 0 ? opcode : 0, piece, fin: at + size >= payload.Length, at == 0 ? rsv : 0);
        }
    }
}
