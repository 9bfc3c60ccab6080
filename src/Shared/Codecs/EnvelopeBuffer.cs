using System.Buffers;

namespace Fanout.Shared.Codecs;

/// <summary>
/// A growing byte buffer that an envelope is written into, with room in front for a WebSocket frame header, so that the header needs
/// no second copy. Not thread-safe; made to be reused (see <see cref="Rent"/>).
/// </summary>
public sealed class EnvelopeBuffer : IBufferWriter<byte>
{
    /// <summary>Bytes kept free in front: the longest header of an unmasked frame (RFC 6455, section 5.2).</summary>
    public const int Headroom = 10;

    // A buffer that grew past this for one large message is not kept for the next.
    private const int LargestKept = 64 * 1024;

    [ThreadStatic]
    private static EnvelopeBuffer? _cached;

    private byte[] _bytes = new byte[1024];
    private int _end = Headroom;

    /// <summary>Bytes written so far, the headroom not counted.</summary>
    public int WrittenCount => _end - Headroom;

    /// <summary>What was written.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(Headroom, WrittenCount);

    /// <summary>The headroom, for a frame header that is written backwards from its end.</summary>
    public Span<byte> Head => _bytes.AsSpan(0, Headroom);

    /// <summary>Takes this thread's buffer, empty. Give it back with <see cref="Return"/>; a nested use gets a buffer of its own.</summary>
    public static EnvelopeBuffer Rent()
    {
        var buffer = _cached ?? new EnvelopeBuffer();
        _cached = null;
        buffer._end = Headroom;
        return buffer;
    }

    /// <summary>Gives a buffer back to the thread that returns it.</summary>
    public static void Return(EnvelopeBuffer buffer)
    {
        if (buffer._bytes.Length <= LargestKept)
            _cached = buffer;
    }

    /// <summary>The last <paramref name="headerLength"/> bytes of the headroom and all that was written, as an array of its own.</summary>
    public byte[] ToArray(int headerLength) => _bytes.AsSpan(Headroom - headerLength, headerLength + WrittenCount).ToArray();

    /// <inheritdoc/>
    public void Advance(int count) => _end += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        EnsureFree(sizeHint);
        return _bytes.AsMemory(_end);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        EnsureFree(sizeHint);
        return _bytes.AsSpan(_end);
    }

    internal void Append(byte value)
    {
        EnsureFree(1);
        _bytes[_end++] = value;
    }

    internal void Append(ReadOnlySpan<byte> values)
    {
        EnsureFree(values.Length);
        values.CopyTo(_bytes.AsSpan(_end));
        _end += values.Length;
    }

    internal ref byte this[int index] => ref _bytes[Headroom + index];

    private void EnsureFree(int count)
    {
        if (_bytes.Length - _end < Math.Max(count, 1))
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _end + count));
    }
}
