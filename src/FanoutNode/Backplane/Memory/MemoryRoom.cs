namespace Fanout.Node.Backplane.Memory;

/// <summary>One room in memory. Used under its own lock, see <see cref="MemoryBroker.With"/>.</summary>
internal sealed class MemoryRoom(string name)
{
    public string Name { get; } = name;

    /// <summary>By client id, in order, so that pages are cut without sorting.</summary>
    public SortedDictionary<string, RoomMember> Members { get; } = new(StringComparer.Ordinal);

    public List<IBackplaneListener> Subscribers { get; } = [];

    public bool IsRetired { get; set; }

    public bool IsIdle => Members.Count == 0 && Subscribers.Count == 0;
}
