namespace Fanout.Node.Backplane.Redis;

/// <summary>Where a client shall be seen in a room.</summary>
internal enum MembershipWish
{
    /// <summary>In it.</summary>
    In,

    /// <summary>In it, but its connection was lost: another one of its user takes its place without a word.</summary>
    Leaving,

    /// <summary>Out of it.</summary>
    Out,
}

/// <summary>One wish about one client in one room, and who waits for it.</summary>
/// <param name="PreviousNode">The node's incarnation under which the client was a member before; null: it was none.</param>
/// <param name="Done">Completed with the room's member count, or failed.</param>
internal readonly record struct MembershipChange(ClientIdentity Client, MembershipWish Wish, string? PreviousNode, TaskCompletionSource<long>? Done)
{
    public bool IsIn => Wish != MembershipWish.Out;
}

/// <summary>
/// Changes that Redis has not been told of yet, by room and client: the newest wish counts, so that whatever piles up while Redis is away
/// is bounded by what changed, not by how often.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class MembershipChanges
{
    private readonly Dictionary<string, Dictionary<string, MembershipChange>> _byRoom = [];

    public bool IsEmpty => _byRoom.Count == 0;

    public IReadOnlyDictionary<string, Dictionary<string, MembershipChange>> ByRoom => _byRoom;

    /// <summary>Sets the newest wish. Whoever waited for the older one has lost interest.</summary>
    public void Set(string room, in MembershipChange change)
    {
        var clients = Clients(room);
        if (clients.TryGetValue(change.Client.ClientId, out var older))
            older.Done?.TrySetResult(0);
        // Where it was before is still to be cleared, whatever is wanted now.
        clients[change.Client.ClientId] = change with { PreviousNode = change.PreviousNode ?? older.PreviousNode };
    }

    /// <summary>The node takes a new incarnation: what was wanted under the old one may have been written there.</summary>
    public void MoveFrom(string nodeId)
    {
        foreach (var clients in _byRoom.Values)
        {
            foreach (var (clientId, change) in clients)
                clients[clientId] = change with { PreviousNode = change.PreviousNode ?? nodeId };
        }
    }

    /// <summary>Takes a wish back in that could not be fulfilled, unless there is a newer one.</summary>
    public void Restore(string room, in MembershipChange change)
    {
        if (!TryYield(room, change))
            Clients(room).Add(change.Client.ClientId, change);
    }

    /// <summary>Whether there is a newer wish, which then also clears up what the older one had to.</summary>
    public bool TryYield(string room, in MembershipChange older)
    {
        if (!Has(room, older.Client.ClientId))
            return false;
        var clients = _byRoom[room];
        if (clients[older.Client.ClientId] is { PreviousNode: null } newer)
            clients[older.Client.ClientId] = newer with { PreviousNode = older.PreviousNode };
        return true;
    }

    public bool Has(string room, string clientId) => _byRoom.TryGetValue(room, out var clients) && clients.ContainsKey(clientId);

    /// <summary>Takes a wish out.</summary>
    public bool TryTake(string room, string clientId, out MembershipChange change)
    {
        change = default;
        if (!_byRoom.TryGetValue(room, out var clients) || !clients.Remove(clientId, out change))
            return false;
        if (clients.Count == 0)
            _byRoom.Remove(room);
        return true;
    }

    /// <summary>Takes everything of another collection in, where there is no newer wish.</summary>
    public void RestoreAll(MembershipChanges others)
    {
        foreach (var (room, clients) in others.ByRoom)
        {
            foreach (var change in clients.Values)
                Restore(room, change);
        }
    }

    private Dictionary<string, MembershipChange> Clients(string room)
    {
        if (!_byRoom.TryGetValue(room, out var clients))
            _byRoom.Add(room, clients = []);
        return clients;
    }
}
