using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>
/// Tells Redis who is in which room. One batch is under way at a time and everything that changes meanwhile makes up the next one: so the
/// changes of one client in one room arrive in order, a storm of joins becomes a few large pipelines, and a single join waits for two
/// round trips at the most.
/// </summary>
/// <remarks>
/// A batch has three steps, each behind the one before: 1 rooms that the node enters and clients it gains are noted under the node, so that
/// a reaper finds them; 2 members in and out; 3 notes of rooms and clients that are gone. A node that dies in between leaves a note too
/// many, never a member that nobody would look for.
/// </remarks>
internal sealed partial class MembershipWriter(
    RedisLink link, RedisKeys keys, NodeIdentity node, MembershipStore store, RedisLease lease, TimeProvider time, ILogger<MembershipWriter> logger)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly MembershipRecord _record = new();
    private MembershipChanges _changes = new();
    private TaskCompletionSource<string>? _move;
    private TaskCompletionSource<string>? _moved;
    private string _movedFrom = "";
    private TaskCompletionSource? _audit;
    private Task _running = Task.CompletedTask;

    public void Start() => _running = RunAsync();

    /// <summary>Wants a client in a room or out of it.</summary>
    /// <returns>The room's member count, once Redis has the change; fails with <see cref="BackplaneUnavailableException"/>.</returns>
    public Task<long> SetAsync(string room, ClientIdentity client, MembershipWish wish)
    {
        var done = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _changes.Set(room, new MembershipChange(client, wish, null, done));
            Signal();
        }

        return done.Task;
    }

    /// <summary>Takes a new incarnation: every member is written under it, in place of the old one's.</summary>
    /// <returns>The old id, once the members are written under the new one; what is left under the old one may be reaped.</returns>
    public Task<string> MoveAsync()
    {
        lock (_gate)
        {
            _move ??= new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            Signal();
            return _move.Task;
        }
    }

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

    /// <summary>Ends the loop when everything that was wanted has been told, or has failed once more.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        await _stopping.CancelAsync();
        lock (_gate)
            Signal();
        if (!link.Connected.IsCompletedSuccessfully)
            return; // Redis never heard of this node.
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
            await DoAuditAsync();
            var batch = TakeBatch();
            if (batch.IsEmpty || await TryWriteAsync(batch))
            {
                _moved?.TrySetResult(_movedFrom);
                _moved = null;
            }
            else
            {
                if (_stopping.IsCancellationRequested)
                    return; // Once more was tried; another node will reap what is left.
                await Task.Delay(RetryDelay, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            lock (_gate)
            {
                if (!_changes.IsEmpty || _move is not null)
                    Signal();
                else if (_stopping.IsCancellationRequested)
                    return;
            }
        }
    }

    private MembershipChanges TakeBatch()
    {
        lock (_gate)
        {
            if (_move is not null && _moved is null)
            {
                (_moved, _move) = (_move, null);
                _movedFrom = BeginMove();
            }

            var batch = _changes;
            _changes = new MembershipChanges();
            return batch;
        }
    }

    private string BeginMove()
    {
        var old = node.Id;
        node.Renew();
        foreach (var (room, members) in _record.ByRoom)
        {
            foreach (var client in members.Values)
                _changes.Restore(room, new MembershipChange(client, MembershipWish.In, old, null));
        }

        _changes.MoveFrom(old);
        _record.Clear();
        return old;
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
            LogFailed(logger, e.Message);
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
                    var failedJoin = change is { Wish: MembershipWish.In, Done: not null };
                    _changes.Restore(room, change with { Wish = failedJoin ? MembershipWish.Out : change.Wish, Done = null });
                    if (failedJoin)
                        change.Done!.TrySetException(reason);
                    else
                        change.Done?.TrySetResult(0);
                }
            }
        }
    }

    private async Task<Dictionary<string, long>> WriteAsync(IDatabaseAsync database, MembershipChanges batch)
    {
        await lease.EnsureAsync();
        var id = node.Id;

        // 1
        // Also rooms that were noted before: a reaper may have taken this incarnation for dead and its notes away.
        var newRooms = batch.ByRoom.Where(room => room.Value.Values.Any(change => change.IsIn)).Select(room => room.Key).ToList();
        var newClients = batch.ByRoom.Values.SelectMany(room => room.Values)
            .Where(change => change.IsIn && !_record.HasClient(change.Client.ClientId))
            .Select(change => change.Client).DistinctBy(client => client.ClientId).ToList();
        var notes = new List<Task>();
        if (newRooms.Count > 0)
            notes.Add(database.SetAddAsync(keys.NodeRooms(id), [.. newRooms.Select(room => (RedisValue)room)]));
        if (newClients.Count > 0)
            notes.Add(database.HashSetAsync(keys.NodeClients(id), [.. newClients.Select(client => new HashEntry(client.ClientId, ClientRecord.Write(client)))]));
        await Task.WhenAll(notes);

        // 2
        var counts = await WriteMembersAsync(database, id, batch);
        var (emptied, gone) = _record.Apply(batch);

        // 3
        var removals = new List<Task>();
        if (emptied.Count > 0)
            removals.Add(database.SetRemoveAsync(keys.NodeRooms(id), [.. emptied.Select(room => (RedisValue)room)]));
        if (gone.Count > 0)
            removals.Add(database.HashDeleteAsync(keys.NodeClients(id), [.. gone.Select(client => (RedisValue)client)]));
        await Task.WhenAll(removals);
        return counts;
    }

    private async Task<Dictionary<string, long>> WriteMembersAsync(IDatabaseAsync database, string id, MembershipChanges batch)
    {
        var replies = new List<(string Room, Task<long> Count)>(batch.ByRoom.Count);
        var writes = new List<Task>(batch.ByRoom.Count);
        foreach (var (room, clients) in batch.ByRoom)
        {
            store.Write(id, room, clients.Values, writes);
            replies.Add((room, database.SetLengthAsync(keys.Members(room))));
        }

        await Task.WhenAll(writes);
        var counts = new Dictionary<string, long>(replies.Count);
        foreach (var (room, count) in replies)
            counts[room] = await count;
        return counts;
    }

    [LoggerMessage(1240, LogLevel.Warning, "Members could not be written to Redis ({Reason}); it is tried again", EventName = "MembershipWriteFailed")]
    private static partial void LogFailed(ILogger logger, string reason);
}
