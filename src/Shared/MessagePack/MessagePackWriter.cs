using System.Buffers;
using System.Text;

namespace Fanout.Shared.MessagePack;

/// <summary>
/// Writes MessagePack values one after the other, each in its shortest format, straight into a buffer writer. Nothing is held back:
/// there is no flush to forget, and a copy of the writer goes on where the other stopped.
/// </summary>
/// <remarks>
/// The writer does not check that a map or array gets as many values as its header announced; that is the caller's part.
/// Source: the MessagePack specification, https://github.com/msgpack/msgpack/blob/master/spec.md.
/// </remarks>
public readonly ref struct MessagePackWriter
{
    private readonly IBufferWriter<byte> _output;

    /// <summary>Makes a writer that appends to <paramref name="output"/>.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="output"/> is null.</exception>
    public MessagePackWriter(IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        _output = output;
    }

    /// <summary>Writes nil.</summary>
    public void WriteNil() => _output.Advance(MessagePackEncoder.Nil(_output.GetSpan(1)));

    /// <summary>Writes true or false.</summary>
    public void WriteBoolean(bool value) => _output.Advance(MessagePackEncoder.Boolean(_output.GetSpan(1), value));

    /// <summary>Writes an integer in its shortest format; one that is not negative takes an unsigned format.</summary>
    public void WriteInt64(long value)
        => _output.Advance(MessagePackEncoder.Int64(_output.GetSpan(MessagePackEncoder.MaxScalarLength), value));

    /// <summary>Writes an unsigned integer in its shortest format.</summary>
    public void WriteUInt64(ulong value)
        => _output.Advance(MessagePackEncoder.UInt64(_output.GetSpan(MessagePackEncoder.MaxScalarLength), value));

    /// <summary>Writes a float 64. NaN and infinities are written as they are, though Fanout's own peers refuse them.</summary>
    public void WriteDouble(double value)
        => _output.Advance(MessagePackEncoder.Double(_output.GetSpan(MessagePackEncoder.MaxScalarLength), value));

    /// <summary>Writes a string from bytes that are UTF-8 already; they are not checked.</summary>
    public void WriteString(ReadOnlySpan<byte> utf8)
    {
        _output.Advance(MessagePackEncoder.StringHeader(_output.GetSpan(MessagePackEncoder.MaxHeaderLength), (uint)utf8.Length));
        _output.Write(utf8);
    }

    /// <summary>Writes a string as UTF-8. A surrogate without its partner becomes U+FFFD, so what is written is always valid.</summary>
    /// <exception cref="ArgumentException">The string takes more than <see cref="int.MaxValue"/> bytes as UTF-8.</exception>
    public void WriteString(ReadOnlySpan<char> value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        _output.Advance(MessagePackEncoder.StringHeader(_output.GetSpan(MessagePackEncoder.MaxHeaderLength), (uint)length));
        if (length > 0)
            _output.Advance(Encoding.UTF8.GetBytes(value, _output.GetSpan(length)));
    }

    /// <summary>Writes bytes as a binary value.</summary>
    public void WriteBinary(ReadOnlySpan<byte> value)
    {
        _output.Advance(MessagePackEncoder.BinaryHeader(_output.GetSpan(MessagePackEncoder.MaxHeaderLength), (uint)value.Length));
        _output.Write(value);
    }

    /// <summary>Announces a map; the caller then writes <paramref name="count"/> keys, each followed by its value.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public void WriteMapHeader(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        _output.Advance(MessagePackEncoder.MapHeader(_output.GetSpan(MessagePackEncoder.MaxHeaderLength), (uint)count));
    }

    /// <summary>Announces an array; the caller then writes <paramref name="count"/> values.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public void WriteArrayHeader(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        _output.Advance(MessagePackEncoder.ArrayHeader(_output.GetSpan(MessagePackEncoder.MaxHeaderLength), (uint)count));
    }

    /// <summary>
    /// Appends bytes that are MessagePack already, for instance a payload that was validated when it was published; they are not
    /// checked.
    /// </summary>
    public void WriteRaw(ReadOnlySpan<byte> encoded) => _output.Write(encoded);
}
