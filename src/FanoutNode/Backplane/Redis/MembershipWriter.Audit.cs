namespace Fanout.Node.Backplane.Redis;

/// <summary>The part of the writer that compares Redis with what it should have of this node.</summary>
internal sealed partial class MembershipWriter
{
    // In the writer's loop, some rooms between two batches: nothing of this node changes while a room is compared, and nobody who joins or
    // leaves waits for more than these.
    private const int RoomsAtOnce = 32;

    private readonly Queue<string> _toAudit = new();
    private TaskCompletionSource? _audit;
    private TaskCompletionSource? _auditing;
    private int _repaired;

    // Under the lock.
    private bool IsAuditing => _audit is not null || _auditing is not null;

    /// <summary>Compares what Redis has of this node with what it should have, and puts it right.</summary>
    public Task AuditAsync()
    {
        lock (_gate)
        {
            _audit ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Signal();
            return _audit.Task;
        }
    }

    private async Task AuditSomeAsync()
    {
        if (_auditing is null && !BeginAudit())
            return;
        var rooms = new List<string>(RoomsAtOnce);
        while (rooms.Count < RoomsAtOnce && _toAudit.TryDequeue(out var room))
            rooms.Add(room);
        try
        {
            _repaired += (await Task.WhenAll(rooms.Select(TryCompareAsync))).Sum();
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            _toAudit.Clear(); // The next one will do.
        }

        if (_toAudit.Count > 0)
            return;
        if (_repaired > 0)
            LogRepaired(logger, _repaired);
        lock (_gate)
        {
            _auditing?.SetResult();
            _auditing = null;
        }
    }

    private bool BeginAudit()
    {
        lock (_gate)
            (_auditing, _audit) = (_audit, null);
        if (_auditing is null)
            return false;
        _repaired = 0;
        _toAudit.Clear();
        foreach (var room in _record.ByRoom.Keys)
            _toAudit.Enqueue(room);
        return true;
    }

    private async Task<int> TryCompareAsync(string room)
    {
        try
        {
            return await CompareAsync(room);
        }
        catch (Exception e) when (RedisFaults.IsRefusal(e))
        {
            Report(e);
            return 0; // One room that cannot be read is nothing to the others.
        }
    }

    private async Task<int> CompareAsync(string room)
    {
        // Left meanwhile: the leave has put it right.
        if (!_record.ByRoom.TryGetValue(room, out var members))
            return 0;
        var there = new HashSet<string>();
        var id = node.Id;
        await foreach (var entry in link.Database.SetScanAsync(keys.Members(room), id + "/*", 1000))
            there.Add(RedisKeys.SplitMember(entry.ToString()).ClientId);

        var repaired = 0;
        lock (_gate)
        {
            foreach (var (clientId, member) in members)
            {
                // Somebody else may have taken the place of one whose connection was lost; its leave is on its way in either case.
                if (!there.Contains(clientId) && !member.IsLeaving)
                    Repair(member.Client, MembershipWish.In);
            }

            foreach (var clientId in there)
            {
                if (!members.ContainsKey(clientId))
                    Repair(new ClientIdentity(clientId, null, null, DateTimeOffset.UnixEpoch), MembershipWish.Out);
            }
        }

        return repaired;

        void Repair(ClientIdentity client, MembershipWish wish)
        {
            // What is wanted of the client now is about to be written, or written again.
            if (_changes.Has(room, client.ClientId) || _later.Has(room, client.ClientId))
                return;
            _changes.Restore(room, new MembershipChange(client, wish, null, null));
            repaired++;
            if (marks.IsOn)
                _mended.Add(room);
        }
    }

    [LoggerMessage(1241, LogLevel.Warning, "{Count} members of this node were not in Redis as they should be; put right", EventName = "MembershipRepaired")]
    private static partial void LogRepaired(ILogger logger, int count);
}
