namespace Fanout.Shared.MessagePack;

public ref partial struct MessagePackReader
{
    /// <summary>Reads a string as the bytes on the wire, a slice of the input. They are not checked to be UTF-8.</summary>
    public bool TryReadString(out ReadOnlySpan<byte> utf8) => TryReadBody(MessagePackType.String, out utf8);

    /// <summary>Reads a binary value, a slice of the input.</summary>
    public bool TryReadBinary(out ReadOnlySpan<byte> value) => TryReadBody(MessagePackType.Binary, out value);

    /// <summary>
    /// Reads an array header; the elements come next. False as well when it announces more elements than bytes are left, so
    /// <paramref name="count"/> is never larger than the input; even so, do not size an allocation by it without a limit.
    /// </summary>
    public bool TryReadArrayHeader(out int count) => TryReadHeader(MessagePackType.Array, out count);

    /// <summary>
    /// Reads a map header; <paramref name="count"/> keys come next, each followed by its value. False as well when it announces more
    /// than the bytes left can hold, as with <see cref="TryReadArrayHeader"/>.
    /// </summary>
    public bool TryReadMapHeader(out int count) => TryReadHeader(MessagePackType.Map, out count);

    private bool TryReadBody(MessagePackType type, out ReadOnlySpan<byte> body)
    {
        var found = TryTake(type, out var token, out var bytes);
        body = found ? bytes[token.HeaderLength..token.Length] : default;
        return found;
    }

    private bool TryReadHeader(MessagePackType type, out int count)
    {
        var found = TryTake(type, out var token, out _);
        count = found ? (int)token.Size : 0;
        return found;
    }
}
