using System.IO.Compression;

namespace Fanout.Tests.Conformance.Support;

/// <summary>A client's side of permessage-deflate, as RFC 7692, section 7.2.1, describes it.</summary>
public static class Deflate
{
    public const string Offer = "permessage-deflate";
    public const string Answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    /// <summary>A message as DEFLATE blocks without the tail of an empty block.</summary>
    public static byte[] Message(byte[] payload, CompressionLevel level = CompressionLevel.Optimal)
    {
        using var output = new MemoryStream();
        using (var deflate = new DeflateStream(output, level, leaveOpen: true))
        {
            deflate.Write(payload);
            deflate.Flush();
            // Before the stream is disposed of, which would write a final block.
            if (payload.Length > 0)
                return output.ToArray()[..^4];
        }

        return [0];
    }

    /// <summary>A server's compressed message.</summary>
    public static byte[] Inflate(ReadOnlySpan<byte> message)
    {
        using var input = new MemoryStream([.. message, 0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff]);
        using var inflate = new DeflateStream(input, CompressionMode.Decompress);
        using var output = new MemoryStream();
        inflate.CopyTo(output);
        return output.ToArray();
    }

    /// <summary>A compressed message of bytes that are all zero, without having them.</summary>
    public static byte[] Bomb(long length)
    {
        using var output = new MemoryStream();
        using var deflate = new DeflateStream(output, CompressionLevel.SmallestSize, leaveOpen: true);
        var zeros = new byte[65_536];
        for (var left = length; left > 0; left -= zeros.Length)
            deflate.Write(zeros, 0, (int)Math.Min(left, zeros.Length));
        deflate.Flush();
        return output.ToArray()[..^4];
    }
}
