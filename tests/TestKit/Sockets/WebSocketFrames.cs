using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Fanout.Tests.TestKit.Sockets;

/// <summary>Builds the bytes of client frames, right ones and wrong ones.</summary>
public static class WebSocketFrames
{
    /// <param name="rsv">The three reserved bits, 4 being RSV1.</param>
    /// <param name="mask">False leaves out mask and masking, which a server must refuse.</param>
    /// <param name="key">Four bytes; random when absent.</param>
    /// <param name="claimedLength">The length to write instead of the payload's own, for frames that promise more than they bring.</param>
    public static byte[] Client(
        WebSocketOpcode opcode,
        ReadOnlySpan<byte> payload,
        bool fin = true,
        int rsv = 0,
        bool mask = true,
        byte[]? key = null,
        LengthEncoding lengthEncoding = LengthEncoding.Minimal,
        ulong? claimedLength = null)
    {
        var frame = new List<byte>(payload.Length + 14) { (byte)((fin ? 0x80 : 0) | (rsv << 4) | (int)opcode) };
        WriteLength(frame, claimedLength ?? (ulong)payload.Length, mask, lengthEncoding);
        if (!mask)
        {
            frame.AddRange(payload);
            return [.. frame];
        }

        key ??= RandomNumberGenerator.GetBytes(4);
        frame.AddRange(key);
        for (var i = 0; i < payload.Length; i++)
            frame.Add((byte)(payload[i] ^ key[i % 4]));
        return [.. frame];
    }

    public static byte[] Text(string text) => Client(WebSocketOpcode.Text, Encoding.UTF8.GetBytes(text));

    public static byte[] Binary(ReadOnlySpan<byte> bytes) => Client(WebSocketOpcode.Binary, bytes);

    /// <param name="code">Null makes a close frame without a body.</param>
    public static byte[] Close(int? code = 1000, string reason = "") => Client(WebSocketOpcode.Close, CloseBody(code, reason));

    public static byte[] CloseBody(int? code, string reason = "")
    {
        if (code is null)
            return [];
        var body = new byte[2 + Encoding.UTF8.GetByteCount(reason)];
        BinaryPrimitives.WriteUInt16BigEndian(body, (ushort)code);
        Encoding.UTF8.GetBytes(reason, body.AsSpan(2));
        return body;
    }

    private static void WriteLength(List<byte> frame, ulong length, bool mask, LengthEncoding encoding)
    {
        var flag = mask ? 0x80 : 0;
        if (encoding == LengthEncoding.Minimal)
            encoding = length > ushort.MaxValue ? LengthEncoding.Bits64 : length > 125 ? LengthEncoding.Bits16 : LengthEncoding.Minimal;

        Span<byte> wide = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(wide, length);
        switch (encoding)
        {
            case LengthEncoding.Minimal:
                frame.Add((byte)(flag | (int)length));
                break;
            case LengthEncoding.Bits16:
                frame.Add((byte)(flag | 126));
                frame.AddRange(wide[6..]);
                break;
            default:
                frame.Add((byte)(flag | 127));
                frame.AddRange(wide);
                break;
        }
    }
}
