using System.Buffers;

namespace Fanout.Shared.MessagePack;

/// <summary>
/// Collects small pieces in one span of a buffer writer, so that a comma does not cost two interface calls. What was written counts
/// only after <see cref="Flush"/>. Never pass it by value.
/// </summary>
internal ref struct BufferedOutput(IBufferWriter<byte> output)
{
    private readonly IBufferWriter<byte> _output = output;
    private Span<byte> _span;
    private int _used;

    /// <summary>Room for at least <paramref name="length"/> bytes; <see cref="Advance"/> keeps them.</summary>
    public Span<byte> Reserve(int length)
    {
        if (_span.Length - _used < length)
        {
            Flush();
            _span = _output.GetSpan(length);
        }

        return _span[_used..];
    }

    public void Advance(int length) => _used += length;

    public void Write(byte value)
    {
        Reserve(1)[0] = value;
        _used++;
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        _used += bytes.Length;
    }

    public void Flush()
    {
        if (_used > 0)
            _output.Advance(_used);
        _span = default;
        _used = 0;
    }
}
