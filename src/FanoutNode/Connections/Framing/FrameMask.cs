using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Fanout.Node.Connections.Framing;

/// <summary>Takes the mask off a client's bytes (RFC 6455, section 5.3).</summary>
internal static class FrameMask
{
    /// <summary>Unmasks in place.</summary>
    /// <param name="bytes">Masked bytes; they may begin anywhere in the payload.</param>
    /// <param name="key">The frame's key, first byte of the wire in the low byte.</param>
    /// <param name="offset">How many bytes of the payload came before.</param>
    public static void Apply(Span<byte> bytes, uint key, int offset)
    {
        // Turn the key so that its low byte belongs to the first byte here; then whole words can be treated at once.
        var rotated = BitOperations.RotateRight(key, (offset & 3) * 8);
        var wide = rotated | ((ulong)rotated << 32);
        if (!BitConverter.IsLittleEndian)
            wide = BinaryPrimitives.ReverseEndianness(wide);

        var vectors = MemoryMarshal.Cast<byte, Vector<ulong>>(bytes);
        var wideVector = new Vector<ulong>(wide);
        foreach (ref var vector in vectors)
            vector ^= wideVector;

        var rest = bytes[(vectors.Length * Vector<byte>.Count)..];
        for (var i = 0; i < rest.Length; i++)
            rest[i] ^= (byte)(rotated >> ((i & 3) * 8));
    }
}
