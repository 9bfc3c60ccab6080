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

    // Kept back from the deadline: as much for leaving Redis clean as for Kestrel and the rest of the host.
    private static readonly TimeSpan Reserve = TimeSpan.FromSeconds(2);

    // In a hurry, still time for a close frame to be answered and for Redis to be told.
    private static readonly TimeSpan HurriedFlush = TimeSpan.FromSeconds(1);

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
        using var over = new CancellationTokenSource(options.Deadline - (Reserve / 2), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        using var flushed = new CancellationTokenSource(Closable, time);
        using var hurried = CancellationTokenSource.CreateLinkedTokenSource(flushed.Token, state.Hurried, cancellationToken);

        // 1
        Enter(DrainPhase.Announced);
        backplane.OnStatusChanged();
        await PauseAsync(Shorter(options.Notice ?? TimeSpan.Zero, Closable - options.Window), hurried.Token);

        // 2
        Enter(DrainPhase.Closing);
        await CloseAllAsync(hurried.Token);

        // 3
        Enter(DrainPhase.Flushing);
        if (state.Hurried.IsCancellationRequested)
            flushed.CancelAfter(HurriedFlush);
        while (connections.Count > 0 && !flushed.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            await PauseAsync(Step, flushed.Token);

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

    // By then every connection must be closed; what is left of the deadline belongs to Redis and the host.
    private TimeSpan Closable => options.Deadline - Reserve > TimeSpan.Zero ? options.Deadline - Reserve : options.Deadline / 2;

    private async Task CloseAllAsync(CancellationToken cancellation)
    {
        var sessions = connections.All.ToArray();
        Random.Shared.Shuffle(sessions);
        var start = time.GetTimestamp();
        var moments = DrainPlan.Spread(sessions.Length, options.Window, options.ClosesPerSecond, Closable - time.GetElapsedTime(_began), Random.Shared);
        for (var i = 0; i < sessions.Length; i++)
            sessions[i].Connection.Send(new DrainMessage((long)moments[i].TotalMilliseconds));

        var waiting = new List<Session>();
        for (var next = 0; (next < sessions.Length || waiting.Count > 0) && !cancellation.IsCancellationRequested && connections.Count > 0;)
        {
            while (next < sessions.Length && moments[next] <= time.GetElapsedTime(start))
                waiting.Add(sessions[next++]);
            // Whoever waits for a back end's answer stays for it, as far as the window reaches.
            var isOver = time.GetElapsedTime(start) >= options.Window;
            waiting.RemoveAll(session => (isOver || session.Requests == 0) && Close(session));
            if (next < sessions.Length || waiting.Count > 0)
                await PauseAsync(Step, cancellation);
        }

        // In a hurry, or out of time: all that are left, at once.
        foreach (var session in connections.All)
            Close(session);
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
