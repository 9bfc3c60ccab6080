namespace Fanout.Shared.MessagePack;

/// <summary>
/// Reads MessagePack values one after the other from bytes nobody vouches for. Every method answers false instead of throwing when
/// the next value is of another type or is cut short, and then <see cref="Position"/> stays where it was. Nothing is copied and
/// nothing is allocated; strings and binary come back as slices of the input.
/// </summary>
/// <remarks>
/// The reader is a mutable struct: pass it by ref. It checks structure only; what Fanout allows in a payload is checked by
/// <see cref="MessagePackValidator"/>.
/// Source: the MessagePack specification, https://github.com/msgpack/msgpack/blob/master/spec.md.
/// </remarks>
public ref partial struct MessagePackReader
{
    private readonly ReadOnlySpan<byte> _bytes;
    private int _position;

    /// <summary>Makes a reader that stands at the start of <paramref name="bytes"/>.</summary>
    public MessagePackReader(ReadOnlySpan<byte> bytes)
    {
        _bytes = bytes;
        _position = 0;
    }

    /// <summary>How many bytes have been read; the offset of the next value.</summary>
    public readonly int Position => _position;

    /// <summary>True when nothing is left to read.</summary>
    public readonly bool IsAtEnd => _position == _bytes.Length;

    private readonly ReadOnlySpan<byte> Rest => _bytes[_position..];

    /// <summary>
    /// Tells the type of the next value and does not move. False at the end and when the value is cut short; of a map or array only
    /// the header is looked at.
    /// </summary>
    public readonly bool TryPeekType(out MessagePackType type)
    {
        var found = MessagePackToken.TryDecode(Rest, out var token);
        type = found ? token.Type : default;
        return found;
    }

    /// <summary>Reads nil.</summary>
    public bool TryReadNil() => TryTake(MessagePackType.Nil, out _, out _);

    /// <summary>Reads true or false.</summary>
    public bool TryReadBoolean(out bool value)
    {
        var found = TryTake(MessagePackType.Boolean, out _, out var bytes);
        value = found && bytes[0] == MessagePackFormat.True;
        return found;
    }

    /// <summary>
    /// Moves past the next value and everything inside it, to any depth: it counts values instead of recursing. False, without
    /// moving, at the end, at a value that is cut short, and at the byte 0xc1. Extension types are passed over; strings and map keys
    /// are not looked at.
    /// </summary>
    public bool TrySkip()
    {
        var at = _position;

        // Cannot overflow: a header adds at most the number of bytes left, or it is refused as cut short.
        for (var wanted = 1L; wanted > 0; wanted--)
        {
            // More values wanted than bytes left: fail now, not after a walk through everything.
            if (wanted > _bytes.Length - at
                || !MessagePackToken.TryDecode(_bytes[at..], out var token)
                || token.Type is MessagePackType.NeverUsed)
            {
                return false;
            }

            at += token.Length;
            if (token.IsContainer)
                wanted += token.Type is MessagePackType.Map ? 2L * token.Size : token.Size;
        }

        _position = at;
        return true;
    }

    /// <summary>Takes the next value if it is of the given type; <paramref name="bytes"/> then begins with its format byte.</summary>
    private bool TryTake(MessagePackType type, out MessagePackToken token, out ReadOnlySpan<byte> bytes)
    {
        bytes = Rest;
        if (!MessagePackToken.TryDecode(bytes, out token) || token.Type != type)
            return false;
        _position += token.Length;
        return true;
    }
}
