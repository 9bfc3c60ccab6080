using System.Buffers;

namespace Fanout.Shared.MessagePack;

/// <summary>
/// A list on a pooled array. It owns the array until <see cref="Dispose"/>, so there must be one copy of it: keep it in a field or
/// local and never pass it by value.
/// </summary>
internal ref struct PooledBuffer<T>(int capacity)
    where T : unmanaged
{
    private T[] _array = ArrayPool<T>.Shared.Rent(capacity);

    public int Count { get; private set; }

    public readonly Span<T> Written => _array.AsSpan(0, Count);

    /// <summary>Room for at least <paramref name="length"/> items behind the written ones; <see cref="Advance"/> keeps them.</summary>
    public Span<T> Reserve(int length)
    {
        if (_array.Length - Count < length)
            Grow(length);
        return _array.AsSpan(Count);
    }

    public void Advance(int length) => Count += length;

    public void Add(T item)
    {
        Reserve(1)[0] = item;
        Count++;
    }

    public void Dispose()
    {
        ArrayPool<T>.Shared.Return(_array);
        _array = [];
        Count = 0;
    }

    private void Grow(int length)
    {
        var larger = ArrayPool<T>.Shared.Rent(Math.Max(_array.Length * 2, Count + length));
        Written.CopyTo(larger);
        ArrayPool<T>.Shared.Return(_array);
        _array = larger;
    }
}
