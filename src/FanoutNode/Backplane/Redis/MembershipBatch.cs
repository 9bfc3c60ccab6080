namespace Fanout.Node.Backplane.Redis;

/// <summary>Changes that are written together, and what became of each.</summary>
internal sealed class MembershipBatch(MembershipChanges changes)
{
    private readonly HashSet<(string Room, string ClientId)> _settled = [];
    private readonly List<(string Room, MembershipChange Change, Exception Reason)> _failed = [];

    public MembershipChanges Written { get; } = new();

    public IReadOnlyList<(string Room, MembershipChange Change, Exception Reason)> Failed => _failed;

    public bool IsEmpty => changes.IsEmpty;

    /// <summary>Whether some of it failed because Redis could not be reached, and not for what it is.</summary>
    public bool LostRedis => _failed.Exists(failed => !RedisFaults.IsRefusal(failed.Reason));

    /// <summary>Whether everything was written, but for what is refused while other changes pass.</summary>
    public bool IsDone => _failed.Count == 0 || (!Written.IsEmpty && !LostRedis);

    /// <summary>What nothing is known of yet, by room.</summary>
    public List<(string Room, List<MembershipChange> Changes)> Open(bool isIn) =>
    [
        .. changes.ByRoom
            .Select(room => (room.Key, room.Value.Values.Where(change => change.IsIn == isIn && !_settled.Contains((room.Key, change.Client.ClientId))).ToList()))
            .Where(room => room.Item2.Count > 0),
    ];

    public void Succeed(string room, in MembershipChange change)
    {
        if (_settled.Add((room, change.Client.ClientId)))
            Written.Set(room, change with { Done = null });
    }

    public void Fail(string room, in MembershipChange change, Exception reason)
    {
        if (_settled.Add((room, change.Client.ClientId)))
            _failed.Add((room, change, reason));
    }

    /// <summary>Fails whatever nothing is known of.</summary>
    public void FailOpen(Exception reason)
    {
        foreach (var (room, open) in Open(isIn: true).Concat(Open(isIn: false)))
        {
            foreach (var change in open)
                Fail(room, change, reason);
        }
    }
}
