using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>
/// Tells Redis who is in which room. One batch is under way at a time and everything that changes meanwhile makes up the next one: so the
/// changes of one client in one room arrive in order, a storm of joins becomes a few large pipelines, and a single join waits for two
/// round trips at the most.
/// </summary>
/// <remarks>
/// A batch has four steps, each behind the one before: 1 rooms that the node enters and clients it gains are noted under the node, so that
/// a reaper finds them; 2 members in and out; 3 rooms and clients that are gone. A node that dies in between leaves a note too many,
/// never a member that nobody would look for.
/// </remarks>
internal sealed partial class MembershipWriter(RedisLink link, RedisKeys keys, NodeIdentity node, TimeProvider time, ILogger<MembershipWriter> logger)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly CancellationTokenSource _stopping = new();
    private MembershipChanges _changes = new();
    private Task _running = Task.CompletedTask;

    // What Redis has of this node, as far as batches have been confirmed: rooms with their local members, clients with their rooms.
    private readonly Dictionary<string, HashSet<string>> _membersByRoom = [];
    private readonly Dictionary<string, int> _roomsByClient = [];

    public void Start() => _running = RunAsync();

    /// <summary>Wants a client in a room or out of it.</summary>
    /// <returns>The room's member count, once Redis has the change; fails with <see cref="BackplaneUnavailableException"/>.</returns>
    public Task<long> SetAsync(string room, ClientIdentity client, bool isIn)
    {
        var done = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _changes.Set(room, new MembershipChange(client, isIn, done));
            Signal();
        }

        return done.Task;
    }

    /// <summary>Ends the loop when everything that was wanted has been told, or has failed once more.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        await _stopping.CancelAsync();
        lock (_gate)
            Signal();
        await _running.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Signal()
    {
        if (_signal.CurrentCount == 0)
            _signal.Release();
    }

    private async Task RunAsync()
    {
        while (true)
        {
            await _signal.WaitAsync();
            MembershipChanges batch;
            lock (_gate)
            {
                batch = _changes;
                _changes = new MembershipChanges();
            }

            if (!batch.IsEmpty && !await TryWriteAsync(batch) && !_stopping.IsCancellationRequested)
                await Task.Delay(RetryDelay, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            lock (_gate)
            {
                if (_stopping.IsCancellationRequested && (_changes.IsEmpty || !link.Connected.IsCompletedSuccessfully))
                    return;
                if (!_changes.IsEmpty)
                    Signal();
            }
        }
    }

    private async Task<bool> TryWriteAsync(MembershipChanges batch)
    {
        try
        {
            var counts = await WriteAsync(link.Database, batch);
            foreach (var (room, clients) in batch.ByRoom)
            {
                foreach (var change in clients.Values)
                    change.Done?.TrySetResult(counts[room]);
            }

            return true;
        }
        catch (Exception e)
        {
            if (!RedisFaults.IsBackplaneFault(e))
                LogFailed(logger, e);
            PutBack(batch, RedisFaults.Wrap(e));
            return false;
        }
    }

    // Who waits is told now; Redis is told later. A join that failed becomes a leave: it may have arrived all the same.
    private void PutBack(MembershipChanges batch, BackplaneUnavailableException reason)
    {
        lock (_gate)
        {
            foreach (var (room, clients) in batch.ByRoom)
            {
                foreach (var change in clients.Values)
                {
                    _changes.Restore(room, new MembershipChange(change.Client, IsIn: change.IsIn && change.Done is null, Done: null));
                    if (change.IsIn)
                        change.Done?.TrySetException(reason);
                    else
                        change.Done?.TrySetResult(0);
                }
            }
        }
    }

    private async Task<Dictionary<string, long>> WriteAsync(IDatabaseAsync database, MembershipChanges batch)
    {
        // 1
        var newRooms = batch.ByRoom.Where(room => !_membersByRoom.ContainsKey(room.Key) && room.Value.Values.Any(c => c.IsIn)).Select(room => room.Key).ToList();
        var newClients = batch.ByRoom.Values.SelectMany(room => room.Values).Where(c => c.IsIn && !_roomsByClient.ContainsKey(c.Client.ClientId))
            .Select(c => c.Client).DistinctBy(client => client.ClientId).ToList();
        var notes = new List<Task>();
        if (newRooms.Count > 0)
            notes.Add(database.SetAddAsync(keys.NodeRooms(node.Id), [.. newRooms.Select(room => (RedisValue)room)]));
        if (newClients.Count > 0)
            notes.Add(database.HashSetAsync(keys.NodeClients(node.Id), [.. newClients.Select(client => new HashEntry(client.ClientId, ClientRecord.Write(client)))]));
        await Task.WhenAll(notes);

        // 2
        var counts = await WriteMembersAsync(database, batch);
        var (emptied, gone) = Record(batch);

        // 3
        var removals = new List<Task>();
        if (emptied.Count > 0)
            removals.Add(database.SetRemoveAsync(keys.NodeRooms(node.Id), [.. emptied.Select(room => (RedisValue)room)]));
        if (gone.Count > 0)
            removals.Add(database.HashDeleteAsync(keys.NodeClients(node.Id), [.. gone.Select(client => (RedisValue)client)]));
        await Task.WhenAll(removals);
        return counts;
    }

    private async Task<Dictionary<string, long>> WriteMembersAsync(IDatabaseAsync database, MembershipChanges batch)
    {
        var replies = new List<(string Room, Task<long> Count)>(batch.ByRoom.Count);
        var writes = new List<Task>(batch.ByRoom.Count);
        foreach (var (room, clients) in batch.ByRoom)
        {
            var key = keys.Members(room);
            var entering = Entries(clients, isIn: true);
            var leaving = Entries(clients, isIn: false);
            if (entering.Length > 0)
                writes.Add(database.SetAddAsync(key, entering));
            if (leaving.Length > 0)
                writes.Add(database.SetRemoveAsync(key, leaving));
            replies.Add((room, database.SetLengthAsync(key)));
        }

        await Task.WhenAll(writes);
        var counts = new Dictionary<string, long>(replies.Count);
        foreach (var (room, count) in replies)
            counts[room] = await count;
        return counts;
    }

    private RedisValue[] Entries(Dictionary<string, MembershipChange> clients, bool isIn) =>
        [.. clients.Where(client => client.Value.IsIn == isIn).Select(client => (RedisValue)RedisKeys.MemberEntry(node.Id, client.Key))];

    private (List<string> EmptiedRooms, List<string> GoneClients) Record(MembershipChanges batch)
    {
        var emptied = new List<string>();
        var gone = new List<string>();
        foreach (var (room, clients) in batch.ByRoom)
        {
            if (!_membersByRoom.TryGetValue(room, out var members))
                _membersByRoom.Add(room, members = []);
            foreach (var (clientId, change) in clients)
            {
                var count = _roomsByClient.GetValueOrDefault(clientId);
                if (change.IsIn && members.Add(clientId))
                    _roomsByClient[clientId] = count + 1;
                else if (!change.IsIn && members.Remove(clientId) && count > 1)
                    _roomsByClient[clientId] = count - 1;
                else if (!change.IsIn && count == 1 && _roomsByClient.Remove(clientId))
                    gone.Add(clientId);
            }

            // A room is taken off the node's list even if it was never seen to be on it: an uncertain join may have put it there.
            if (members.Count == 0)
            {
                _membersByRoom.Remove(room);
                emptied.Add(room);
            }
        }

        return (emptied, gone);
    }

    [LoggerMessage(1240, LogLevel.Error, "Writing members to Redis failed; it is tried again", EventName = "MembershipWriteFailed")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
