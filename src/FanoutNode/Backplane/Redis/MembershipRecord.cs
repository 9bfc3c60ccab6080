namespace Fanout.Node.Backplane.Redis;

/// <summary>A member as Redis has it.</summary>
/// <param name="IsLeaving">Its connection was lost: another one of its user may have taken its place in Redis.</param>
internal readonly record struct WrittenMember(ClientIdentity Client, bool IsLeaving);

/// <summary>What Redis has of this node's members, as far as batches have been confirmed.</summary>
/// <remarks>Not thread-safe; owned by the writer's loop.</remarks>
internal sealed class MembershipRecord
{
    private readonly Dictionary<string, Dictionary<string, WrittenMember>> _byRoom = [];
    private readonly Dictionary<string, int> _roomsByClient = [];

    public IReadOnlyDictionary<string, Dictionary<string, WrittenMember>> ByRoom => _byRoom;

    public bool HasRoom(string room) => _byRoom.ContainsKey(room);

    public bool HasClient(string clientId) => _roomsByClient.ContainsKey(clientId);

    public bool IsMember(string room, string clientId) => _byRoom.TryGetValue(room, out var members) && members.ContainsKey(clientId);

    /// <summary>Takes confirmed changes in.</summary>
    /// <returns>Rooms without members now, and clients without rooms.</returns>
    public (List<string> EmptiedRooms, List<string> GoneClients) Apply(MembershipChanges batch)
    {
        var emptied = new List<string>();
        var gone = new List<string>();
        foreach (var (room, clients) in batch.ByRoom)
        {
            if (!_byRoom.TryGetValue(room, out var members))
                _byRoom.Add(room, members = []);
            foreach (var (clientId, change) in clients)
            {
                if (change.IsIn ? Enter(members, clientId, new WrittenMember(change.Client, change.Wish == MembershipWish.Leaving)) : Leave(members, clientId))
                    gone.Add(clientId);
            }

            // A room is taken off the node's list even if it was never seen to be on it: an uncertain join may have put it there.
            if (members.Count == 0)
            {
                _byRoom.Remove(room);
                emptied.Add(room);
            }
        }

        return (emptied, gone);
    }

    /// <summary>Forgets everything: what is known belongs to an incarnation that is over.</summary>
    public void Clear()
    {
        _byRoom.Clear();
        _roomsByClient.Clear();
    }

    private bool Enter(Dictionary<string, WrittenMember> members, string clientId, WrittenMember member)
    {
        if (!members.ContainsKey(clientId))
            _roomsByClient[clientId] = _roomsByClient.GetValueOrDefault(clientId) + 1;
        members[clientId] = member;
        return false;
    }

    // Whether this was the client's last room.
    private bool Leave(Dictionary<string, WrittenMember> members, string clientId)
    {
        if (!members.Remove(clientId))
            return !_roomsByClient.ContainsKey(clientId);
        var rooms = _roomsByClient[clientId] - 1;
        if (rooms > 0)
            _roomsByClient[clientId] = rooms;
        else
            _roomsByClient.Remove(clientId);
        return rooms == 0;
    }
}
