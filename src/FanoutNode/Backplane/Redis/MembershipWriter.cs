using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>
/// Tells Redis who is in which room. One batch is under way at a time and everything that changes meanwhile makes up the next one: so the
/// changes of one client in one room arrive in order, a storm of joins becomes a few large pipelines, and a single join waits for two
/// round trips at the most.
/// </summary>
/// <remarks>
/// A batch has four steps, each behind the one before: 1 members out, which depend on nothing; 2 rooms that the node enters and clients it
/// gains are noted under the node, so that a reaper finds them; 3 members in; 4 marks for webhooks, then notes of rooms and clients that are
/// gone. A node that dies in between leaves a note too many, never a member that nobody would look for, nor a change that no webhook hears of. Each change succeeds or fails for itself; what failed is tried
/// again after a while, beside the batches that go on.
/// </remarks>
internal sealed partial class MembershipWriter(
    RedisLink link, RedisKeys keys, NodeIdentity node, MembershipStore store, WebhookMarks marks, RedisLease lease, TimeProvider time, ILogger<MembershipWriter> logger)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly MembershipRecord _record = new();
    private readonly HashSet<string> _emptied = [];
    private readonly HashSet<string> _gone = [];
    private MembershipChanges _changes = new();
    private MembershipChanges _later = new();
    private TimeSpan _retry = FirstRetry;
    private ITimer? _retryTimer;
    private bool _retryIsDue;
    private long _reportedAt;
    private TaskCompletionSource<string>? _move;
    private TaskCompletionSource<string>? _moved;
    private string _movedFrom = "";
    private Task _running = Task.CompletedTask;

    public void Start() => _running = RunAsync();

    /// <summary>Wants a client in a room or out of it.</summary>
    /// <returns>
    /// Ends once Redis has the change: for a join with the room's member count, or with <see cref="BackplaneUnavailableException"/>. A leave
    /// never fails: it is tried until it is done.
    /// </returns>
    public Task<long> SetAsync(string room, ClientIdentity client, MembershipWish wish)
    {
        var done = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _later.TryTake(room, client.ClientId, out var older);
            _changes.Set(room, new MembershipChange(client, wish, older.PreviousNode, done));
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
            // What the last round cannot write, another node will reap.
            var isLast = _stopping.IsCancellationRequested;
            var lostRedis = false;
            try
            {
                lostRedis = await DoBatchAsync(isLast);
                await AuditSomeAsync();
            }
            catch (Exception e)
            {
                // A bug; but a node whose members nobody writes any more would be worse than one that tries on.
                LogBroken(logger, e);
                lostRedis = true;
            }

            if (lostRedis && isLast)
                return; // Once more was tried.
            if (lostRedis)
                await Task.Delay(FirstRetry, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            lock (_gate)
            {
                if (isLast && _changes.IsEmpty)
                    return;
                if (!_changes.IsEmpty || (_move is not null && _moved is null) || IsAuditing)
                    Signal();
            }
        }
    }

    // Whether Redis could not be reached.
    private async Task<bool> DoBatchAsync(bool isLast)
    {
        var batch = new MembershipBatch(TakeBatch(isLast, out var isAll));
        if (!batch.IsEmpty || _emptied.Count > 0 || _gone.Count > 0 || _toMark.Count > 0)
        {
            try
            {
                await WriteAsync(batch);
            }
            catch (Exception e)
            {
                Report(e);
                batch.FailOpen(e);
                RetryLater();
            }

            PutBack(batch);
        }

        if (isAll && batch.IsDone)
        {
            _moved?.TrySetResult(_movedFrom);
            _moved = null;
        }

        return batch.LostRedis;
    }

    private MembershipChanges TakeBatch(bool isLast, out bool isAll)
    {
        lock (_gate)
        {
            if (_move is not null && _moved is null)
            {
                (_moved, _move) = (_move, null);
                _movedFrom = BeginMove();
            }

            if (_retryIsDue || isLast)
                TakeRetries();
            isAll = _later.IsEmpty;
            var batch = _changes;
            _changes = new MembershipChanges();
            return batch;
        }
    }

    private void TakeRetries()
    {
        _retryIsDue = false;
        _changes.RestoreAll(_later);
        _later = new MembershipChanges();
    }

    private string BeginMove()
    {
        var old = node.Id;
        node.Renew();
        TakeRetries();
        foreach (var (room, members) in _record.ByRoom)
        {
            foreach (var member in members.Values)
                _changes.Restore(room, new MembershipChange(member.Client, MembershipWish.In, old, null));
        }

        _changes.MoveFrom(old);
        _record.Clear();
        // Notes of the old incarnation, which go with it.
        _emptied.Clear();
        _gone.Clear();
        return old;
    }

    // Who waits is told now; Redis is told later. A join that failed becomes a leave: it may have arrived all the same.
    private void PutBack(MembershipBatch batch)
    {
        lock (_gate)
        {
            foreach (var (room, change, reason) in batch.Failed)
            {
                var failedJoin = change is { Wish: MembershipWish.In, Done: not null };
                var again = change with { Wish = failedJoin ? MembershipWish.Out : change.Wish, Done = null };
                // What is refused waits beside the others, which go on; what did not reach Redis goes first when it is back.
                if (!_changes.TryYield(room, again))
                    (RedisFaults.IsRefusal(reason) ? _later : _changes).Restore(room, again);
                if (failedJoin)
                    change.Done!.TrySetException(RedisFaults.Wrap(reason));
                else
                    change.Done?.TrySetResult(0);
            }

            if (!_later.IsEmpty)
                RetryLater();
            else if (_retryTimer is null)
                _retry = FirstRetry;
        }
    }

    private void RetryLater()
    {
        lock (_gate)
        {
            if (_retryTimer is not null)
                return;
            _retryTimer = time.CreateTimer(_ => OnRetryDue(), null, _retry, Timeout.InfiniteTimeSpan);
            _retry = _retry * 2 < LongestRetry ? _retry * 2 : LongestRetry;
        }
    }

    private void OnRetryDue()
    {
        lock (_gate)
        {
            _retryTimer?.Dispose();
            _retryTimer = null;
            _retryIsDue = true;
            Signal();
        }
    }

    private async Task WriteAsync(MembershipBatch batch)
    {
        var id = node.Id;

        // 1
        var leaves = batch.Open(isIn: false);
        await SettleAsync(batch, leaves.SelectMany(room => store.Write(id, room.Room, room.Changes)).ToList());

        // 2, 3
        if (batch.Open(isIn: true) is { Count: > 0 } entering)
            await EnterAsync(batch, id, entering);

        // 4
        NoteMarks(batch.Written);
        var (emptied, gone) = _record.Apply(batch.Written);
        _emptied.UnionWith(emptied);
        _gone.UnionWith(gone);
        // A change that failed may have been made all the same; the note stays until it has been undone.
        _emptied.ExceptWith(batch.Failed.Select(failed => failed.Room));
        _gone.ExceptWith(batch.Failed.Select(failed => failed.Change.Client.ClientId));
        await MarkAsync();
        await RemoveNotesAsync(id);
    }

    private async Task EnterAsync(MembershipBatch batch, string id, List<(string Room, List<MembershipChange> Changes)> entering)
    {
        // 2
        try
        {
            await lease.EnsureAsync();
            await NoteAsync(batch, id, entering);
        }
        catch (Exception e)
        {
            Report(e);
            foreach (var (room, changes) in entering)
            {
                foreach (var change in changes)
                    batch.Fail(room, change, e);
            }

            return;
        }

        // 3
        var writes = new List<MembershipWrite>();
        var counts = new Dictionary<string, Task<long>>(entering.Count);
        foreach (var (room, changes) in batch.Open(isIn: true))
        {
            writes.AddRange(store.Write(id, room, changes));
            counts[room] = store.CountAsync(room);
        }

        await SettleAsync(batch, writes, counts);
    }

    // Also rooms that were noted before: a reaper may have taken this incarnation for dead and its notes away.
    private async Task NoteAsync(MembershipBatch batch, string id, List<(string Room, List<MembershipChange> Changes)> entering)
    {
        var clients = new Dictionary<string, HashEntry>();
        foreach (var (room, changes) in entering)
        {
            foreach (var change in changes.Where(change => !_record.HasClient(change.Client.ClientId) && !clients.ContainsKey(change.Client.ClientId)))
            {
                try
                {
                    clients.Add(change.Client.ClientId, new HashEntry(change.Client.ClientId, ClientRecord.Write(change.Client)));
                }
                catch (Exception e)
                {
                    // What cannot be written down of one client is nothing to the others.
                    Report(e);
                    batch.Fail(room, change, e);
                }
            }
        }

        var rooms = entering.Select(room => (RedisValue)room.Room).ToArray();
        var database = link.Database;
        await Task.WhenAll(
            database.SetAddAsync(keys.NodeRooms(id), rooms),
            clients.Count > 0 ? database.HashSetAsync(keys.NodeClients(id), [.. clients.Values]) : Task.CompletedTask);
    }

    private async Task SettleAsync(MembershipBatch batch, List<MembershipWrite> writes, Dictionary<string, Task<long>>? counts = null)
    {
        foreach (var write in writes)
        {
            try
            {
                await write.Done;
                var count = counts is null ? 0 : await counts[write.Room];
                foreach (var change in write.Changes)
                {
                    batch.Succeed(write.Room, change);
                    change.Done?.TrySetResult(count);
                }
            }
            catch (Exception e)
            {
                Report(e);
                foreach (var change in write.Changes)
                    batch.Fail(write.Room, change, e);
            }
        }
    }

    private async Task RemoveNotesAsync(string id)
    {
        _emptied.RemoveWhere(_record.HasRoom);
        _gone.RemoveWhere(_record.HasClient);
        var database = link.Database;
        await Task.WhenAll(
            _emptied.Count > 0 ? database.SetRemoveAsync(keys.NodeRooms(id), [.. _emptied.Select(room => (RedisValue)room)]) : Task.CompletedTask,
            _gone.Count > 0 ? database.HashDeleteAsync(keys.NodeClients(id), [.. _gone.Select(client => (RedisValue)client)]) : Task.CompletedTask);
        _emptied.Clear();
        _gone.Clear();
    }

    // Once in a while: a failure comes back with each new try, for each change.
    private void Report(Exception reason)
    {
        if (_reportedAt != 0 && time.GetElapsedTime(_reportedAt) < ReportInterval)
            return;
        _reportedAt = time.GetTimestamp();
        LogFailed(logger, reason.Message);
    }

    [LoggerMessage(1240, LogLevel.Warning, "Members could not be written to Redis ({Reason}); it is tried again", EventName = "MembershipWriteFailed")]
    private static partial void LogFailed(ILogger logger, string reason);

    [LoggerMessage(1242, LogLevel.Error, "The writing of members failed in an unexpected way; it goes on", EventName = "MembershipWriterFailed")]
    private static partial void LogBroken(ILogger logger, Exception exception);
}
