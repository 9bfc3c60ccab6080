namespace Fanout.Shared.MessagePack;

/// <summary>
/// The containers that are open during a walk, in memory the caller brings (a stackalloc), so depth costs neither recursion nor
/// allocation. An entry is the number of values still to come, with the lowest bit telling a map from an array.
/// </summary>
internal ref struct NestingStack(Span<ulong> entries)
{
    private const ulong MapBit = 1;

    private readonly Span<ulong> _entries = entries;

    public int Depth { get; private set; }

    public readonly bool IsFull => Depth == _entries.Length;

    /// <summary>True when the next value stands at the place of a map key: an even number of values is still to come.</summary>
    public readonly bool IsAtKey => Depth > 0 && (_entries[Depth - 1] & 0b11) == MapBit;

    public readonly bool TopIsMap => (_entries[Depth - 1] & MapBit) != 0;

    public readonly bool TopIsDone => _entries[Depth - 1] <= MapBit;

    /// <summary>Opens a container; an empty one is on top and done at once.</summary>
    public void Push(MessagePackToken container)
        => _entries[Depth++] = container.Type is MessagePackType.Map ? ((ulong)container.Size << 2) | MapBit : (ulong)container.Size << 1;

    /// <summary>One value of the top container is complete.</summary>
    public readonly void CountOne() => _entries[Depth - 1] -= 2;

    public void Pop() => Depth--;
}
