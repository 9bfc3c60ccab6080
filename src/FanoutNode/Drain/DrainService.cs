using Fanout.Node.Backplane;
using Fanout.Node.Connections;
using Fanout.Node.Diagnostics;
using Fanout.Node.Presence;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Drain;

/// <summary>
/// Takes the node out of service when the host stops, before Kestrel does: 1 not ready, no new sockets -> 2 tell every client when to come
/// back elsewhere, and close it then with 1001 -> 3 what waits for slow sockets goes out -> 4 leave Redis clean.
/// </summary>
/// <remarks>Each phase is in the log, in <c>/healthz/ready</c> and in the metrics. All of them together end before the deadline.</remarks>
internal sealed partial class DrainService(
    DrainState state,
    ConnectionRegistry connections,
    RoomService rooms,
    LeaveDelay leaveDelay,
    IBackplane backplane,
    DrainOptions options,
    TimeProvider time,
    FanoutMetrics metrics,
    ILogger<DrainService> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    // Of the time behind the window, so much is not for closing ever more connections: the last of them need it too.
    private static readonly TimeSpan FlushReserve = TimeSpan.FromSeconds(3);

    // In a hurry, still time for a close frame to be answered, and then for Redis to be told, which takes no longer than it needs.
    private static readonly TimeSpan HurriedFlush = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HurriedLeave = TimeSpan.FromSeconds(5);

    // For the ends of sockets that were given up, which are the node's own doing and need nobody.
    private static readonly TimeSpan GiveUp = TimeSpan.FromMilliseconds(500);

    private long _began;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        metrics.ObserveDrain(() => (int)state.Phase, () => state.IsDraining ? time.GetElapsedTime(_began).TotalSeconds : 0);
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Runs before any other service stops.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _began = time.GetTimestamp();
        using var over = new CancellationTokenSource(options.Deadline - (DrainOptions.Reserve / 2), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        using var flushed = new CancellationTokenSource(Closable, time);
        using var hurried = CancellationTokenSource.CreateLinkedTokenSource(flushed.Token, state.Hurried, cancellationToken);
        // In whatever phase the second signal comes.
        using var hurry = state.Hurried.Register(() => Hurry(flushed, over));

        // 1
        Enter(DrainPhase.Announced);
        backplane.OnStatusChanged();
        await PauseAsync(options.Notice ?? TimeSpan.Zero, hurried.Token);

        // 2
        Enter(DrainPhase.Closing);
        await CloseAllAsync(hurried.Token);

        // 3
        Enter(DrainPhase.Flushing);
        while (connections.Count > 0 && !flushed.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            await PauseAsync(Step, flushed.Token);
        await GiveUpAsync(either.Token);

        // 4
        Enter(DrainPhase.Leaving);
        leaveDelay.End();
        while (rooms.LeavesUnderWay > 0 && !either.IsCancellationRequested)
            await PauseAsync(Step, either.Token);
        await backplane.StopAsync(either.Token);
        Enter(DrainPhase.Drained);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // By then every connection must be gone; what is left of the deadline belongs to Redis and the host.
    private TimeSpan Closable => options.Deadline - DrainOptions.Reserve;

    // By then every connection must be told to go, so that there is time to flush.
    private TimeSpan Tellable =>
        Closable - Shorter(FlushReserve, Closable - (options.Notice ?? TimeSpan.Zero) - options.Window);

    // Never later than it would have been without.
    private void Hurry(CancellationTokenSource flushed, CancellationTokenSource over)
    {
        var elapsed = time.GetElapsedTime(_began);
        if (elapsed + HurriedFlush < Closable)
            flushed.CancelAfter(HurriedFlush);
        if (elapsed + HurriedLeave < options.Deadline - (DrainOptions.Reserve / 2))
            over.CancelAfter(HurriedLeave);
    }

    private async Task CloseAllAsync(CancellationToken cancellation)
    {
        var sessions = connections.All.ToArray();
        Random.Shared.Shuffle(sessions);
        var start = time.GetTimestamp();
        var available = Tellable - time.GetElapsedTime(_began);
        var plan = DrainPlan.For(sessions.Length, options.Window, options.ClosesPerSecond, available, Random.Shared);
        for (var i = 0; i < sessions.Length; i++)
            sessions[i].Connection.Send(new DrainMessage((long)plan.Moments[i].TotalMilliseconds));

        var waiting = new List<Session>();
        for (var next = 0; (next < sessions.Length || waiting.Count > 0) && !cancellation.IsCancellationRequested && connections.Count > 0;)
        {
            var elapsed = time.GetElapsedTime(start);
            while (next < sessions.Length && plan.Moments[next] <= elapsed)
                waiting.Add(sessions[next++]);
            // Whoever waits for a back end's answer stays for it, as far as the window reaches; those behind it go no faster than the cap allows either.
            var late = elapsed < plan.Window ? 0 : elapsed < available ? plan.PerStep(Step) : int.MaxValue;
            waiting.RemoveAll(session => (session.Requests == 0 || late-- > 0) && Close(session));
            if (next < sessions.Length || waiting.Count > 0)
                await PauseAsync(Step, cancellation);
        }

        // In a hurry, or out of time: all that are left, at once.
        foreach (var session in connections.All)
            Close(session);
    }

    // Who has not gone by now is cut: its end is to be in Redis, and the host must not wait for it.
    private async Task GiveUpAsync(CancellationToken cancellation)
    {
        foreach (var session in connections.All)
            session.Connection.GiveUp();
        var start = time.GetTimestamp();
        while (connections.Count > 0 && time.GetElapsedTime(start) < GiveUp && !cancellation.IsCancellationRequested)
            await PauseAsync(Step, cancellation);
    }

    private static bool Close(Session session)
    {
        session.Connection.Close(CloseCode.GoingAway, "the node is draining");
        return true;
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken cancellation)
    {
        if (pause > TimeSpan.Zero)
            await Task.Delay(pause, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private void Enter(DrainPhase phase)
    {
        state.Enter(phase);
        LogEntered(logger, phase.ToText(), connections.Count, (long)time.GetElapsedTime(_began).TotalMilliseconds);
    }

    [LoggerMessage(1400, LogLevel.Information, "Draining: {Phase}; {Connections} connections, {ElapsedMs} ms since it began", EventName = "Draining")]
    private static partial void LogEntered(ILogger logger, string phase, int connections, long elapsedMs);
}
