namespace Fanout.Bench.Load.Sockets;

/// <summary>The last bytes of a stream, too few to hold a whole stamp.</summary>
internal struct ClientTail
{
    public const int Capacity = Stamp.Length - 1;

    private byte[]? _bytes;
    private int _length;

    /// <summary>Returns how many there are.</summary>
    public readonly int CopyTo(Span<byte> target)
    {
        _bytes.AsSpan(0, _length).CopyTo(target);
        return _length;
    }

    public void Clear() => _length = 0;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        _bytes ??= new byte[Capacity];
        if (bytes.Length >= Capacity)
        {
            bytes[^Capacity..].CopyTo(_bytes);
            _length = Capacity;
            return;
        }

        var keep = Math.Min(_length, Capacity - bytes.Length);
        _bytes.AsSpan(_length - keep, keep).CopyTo(_bytes);
        bytes.CopyTo(_bytes.AsSpan(keep));
        _length = keep + bytes.Length;
    }
}
