using Fanout.Node.Backplane;
using Fanout.Node.Lanes;
using Fanout.Node.Rooms;
using Fanout.Shared.Rooms;

namespace Fanout.Node.History;

/// <summary>The part of the sequencer that serves members who come back.</summary>
internal sealed partial class Sequencer
{
    // Clients that come back with another epoch make the node ask the backplane, but not each of them on its own.
    private static readonly TimeSpan ComparisonHolds = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan BetweenClaims = TimeSpan.FromMinutes(1);

    private long? _claimedAt;
    private Task? _comparison;
    private long _comparedAt;

    int ICatchUpSource.HistorySize => room.Policy.HistorySize;

    /// <summary>From where a member that joins begins, and whether that is all it missed.</summary>
    /// <param name="From">What it has already; null: it begins live.</param>
    /// <param name="Recovered">Whether everything after its position is there to send.</param>
    public readonly record struct Plan(RoomPosition? From, bool Recovered);

    /// <summary>Looks whether the log reaches back to where a client was.</summary>
    /// <exception cref="BackplaneUnavailableException">The backplane cannot be asked.</exception>
    public async Task<Plan> PlanAsync(JoinRequest request)
    {
        if (request.Last is { } last)
            return await PlanLastAsync(last);
        if (request.Since is not { } since)
            return new Plan(null, Recovered: false);

        if (since.Epoch != Position!.Value.Epoch)
        {
            // Either the client's life of the room is over, or this node has not heard of the new one yet.
            await CompareOnceAsync();
            if (since.Epoch != Position!.Value.Epoch)
                return new Plan(null, Recovered: false);
        }

        if (since.Offset > Position!.Value.Offset && !await CatchUpWithAsync(since))
            return new Plan(null, Recovered: false);
        return since.Offset >= Position!.Value.Offset || await ReachesBackToAsync(since)
            ? new Plan(since, Recovered: true)
            : new Plan(null, Recovered: false);
    }

    /// <inheritdoc/>
    public void Read(long offset, ILaneClient client, Action<CatchUpPage> onPage) => _ = ReadUntilThereAsync(offset, client, onPage);

    /// <inheritdoc/>
    public void OnOvertaken() => context.Metrics.Recovery(Diagnostics.RecoveryOutcome.Overtaken);

    private async Task<Plan> PlanLastAsync(int last)
    {
        var position = Position!.Value;
        var wanted = Math.Max(1, position.Offset - last + 1);
        if (wanted > position.Offset)
            return new Plan(position, Recovered: true);
        var page = await Pages.ReadAsync(wanted);
        if (page.Epoch != position.Epoch)
            return new Plan(null, Recovered: false);
        var first = Math.Max(wanted, Math.Min(page.First, position.Offset + 1));
        return new Plan(new RoomPosition(position.Epoch, first - 1), Recovered: first == wanted);
    }

    private async Task<bool> ReachesBackToAsync(RoomPosition since)
    {
        var page = await Pages.ReadAsync(since.Offset + 1);
        return page.Epoch == since.Epoch && page.First <= since.Offset + 1;
    }

    // The client is ahead of this node: it heard the message from a faster one, or the backplane went back in time.
    private async Task<bool> CatchUpWithAsync(RoomPosition since)
    {
        var page = await log.ReadAsync(room.Name, room.Policy, 1, 0);
        if (page.Position.Epoch == since.Epoch && page.Position.Offset < since.Offset)
            await RewindByClaimAsync(since.Epoch);
        else
            await ReachAsync(since);
        return Position is { } position && position.Epoch == since.Epoch && position.Offset >= since.Offset;
    }

    // The client may be the only one left who saw what the backplane lost, or it may lie. Its word begins a new epoch, but not again and again
    // (decision 0008): in between it is told that it could not be recovered, which is true either way.
    private Task RewindByClaimAsync(string epoch)
    {
        lock (_gate)
        {
            if (_claimedAt is { } at && context.Time.GetElapsedTime(at) < BetweenClaims)
                return Task.CompletedTask;
            _claimedAt = context.Time.GetTimestamp();
        }

        return RewindAsync(epoch);
    }

    private Task ReachAsync(RoomPosition position)
    {
        lock (_gate)
        {
            if (_epoch != position.Epoch || _last >= position.Offset)
                return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            (_waiters ??= []).Add((position.Offset, reached));
            ReadUpTo(position.Offset);
            return reached.Task;
        }
    }

    private Task CompareOnceAsync()
    {
        lock (_gate)
        {
            if (_comparison is null || _comparison.IsFaulted || (_comparison.IsCompleted && context.Time.GetElapsedTime(_comparedAt) > ComparisonHolds))
            {
                _comparedAt = context.Time.GetTimestamp();
                _comparison = ReconcileAsync();
            }

            return _comparison;
        }
    }

    private async Task ReadUntilThereAsync(long offset, ILaneClient client, Action<CatchUpPage> onPage)
    {
        while (!room.IsRetired)
        {
            try
            {
                var page = await Pages.ReadAsync(offset);
                if (room.Preparer is { } preparer && page.PreparedFor(client, preparer) is { } prepared)
                    await prepared;
                onPage(page);
                return;
            }
            catch (Exception e)
            {
                if (e is not BackplaneUnavailableException)
                    context.LogFailed(e, room.Name.Length);
            }

            await Task.Delay(GapRetryDelay, context.Time);
        }
    }

    private void MoveTo(long offset)
    {
        _last = offset;
        if (_waiters is not { } waiters)
            return;
        foreach (var (wanted, reached) in waiters)
        {
            if (wanted <= offset)
                reached.TrySetResult();
        }

        waiters.RemoveAll(waiter => waiter.Offset <= offset);
        if (waiters.Count == 0)
            _waiters = null;
    }

    private void WakeAll()
    {
        foreach (var (_, reached) in _waiters ?? [])
            reached.TrySetResult();
        _waiters = null;
    }
}
