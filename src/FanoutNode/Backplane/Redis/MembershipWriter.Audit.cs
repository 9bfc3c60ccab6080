namespace Fanout.Node.Backplane.Redis;

/// <summary>The part of the writer that compares Redis with what it should have of this node.</summary>
internal sealed partial class MembershipWriter
{
    // In the writer's loop, between two batches: nothing of this node changes meanwhile.
    private async Task DoAuditAsync()
    {
        TaskCompletionSource? audit;
        lock (_gate)
            (audit, _audit) = (_audit, null);
        if (audit is null)
            return;
        try
        {
            var repaired = 0;
            foreach (var (room, members) in _record.ByRoom)
                repaired += await CompareAsync(room, members);
            if (repaired > 0)
                LogRepaired(logger, repaired);
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            // The next one will do.
        }

        audit.SetResult();
    }

    private async Task<int> CompareAsync(string room, Dictionary<string, ClientIdentity> members)
    {
        var there = new HashSet<string>();
        var id = node.Id;
        await foreach (var entry in link.Database.SetScanAsync(keys.Members(room), id + "/*", 1000))
            there.Add(RedisKeys.SplitMember(entry.ToString()).ClientId);

        var repaired = 0;
        lock (_gate)
        {
            foreach (var (clientId, client) in members)
            {
                if (!there.Contains(clientId))
                    Repair(client, MembershipWish.In);
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
            _changes.Restore(room, new MembershipChange(client, wish, null, null));
            repaired++;
        }
    }

    [LoggerMessage(1241, LogLevel.Warning, "{Count} members of this node were not in Redis as they should be; put right", EventName = "MembershipRepaired")]
    private static partial void LogRepaired(ILogger logger, int count);
}
