namespace Fanout.Node.Backplane.Redis;

/// <summary>One wish about one client in one room, and who waits for it.</summary>
/// <param name="IsIn">Whether the client shall be a member.</param>
/// <param name="Done">Completed with the room's member count, or failed.</param>
internal readonly record struct MembershipChange(ClientIdentity Client, bool IsIn, TaskCompletionSource<long>? Done);

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

    /// <summary>Sets the newest wish. Whoever waited for the older one gets the new one's result, or has lost interest.</summary>
    public void Set(string room, in MembershipChange change)
    {
        if (!_byRoom.TryGetValue(room, out var clients))
            _byRoom.Add(room, clients = []);
        if (clients.TryGetValue(change.Client.ClientId, out var older))
            older.Done?.TrySetResult(0);
        clients[change.Client.ClientId] = change;
    }

    /// <summary>Takes a wish back in that could not be fulfilled, unless there is a newer one.</summary>
    public void Restore(string room, in MembershipChange change)
    {
        if (!_byRoom.TryGetValue(room, out var clients))
            _byRoom.Add(room, clients = []);
        clients.TryAdd(change.Client.ClientId, change);
    }
}
