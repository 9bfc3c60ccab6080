using Fanout.Node.Backplane;
using Fanout.Node.Connections;
using Fanout.Node.Presence;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Drain;

/// <summary>
/// Takes the node out of service when the host stops, before Kestrel does: 1 not ready, no new sockets -> 2 tell every client when to come
/// back elsewhere -> 3 close with 1001, spread over the window -> 4 leave Redis clean.
/// </summary>
internal sealed partial class DrainService(
    DrainState state,
    ConnectionRegistry connections,
    RoomService rooms,
    LeaveDelay leaveDelay,
    IBackplane backplane,
    DrainOptions options,
    TimeProvider time,
    ILogger<DrainService> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    // Time kept back from the deadline for leaving Redis clean.
    private static readonly TimeSpan Reserve = TimeSpan.FromSeconds(2);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Runs before any other service stops.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        // 1
        state.Begin();
        var sessions = connections.All.ToList();
        LogBegun(logger, sessions.Count);
        using var deadline = new CancellationTokenSource(options.Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);

        // 2, 3
        var notice = Task.Delay(options.Notice ?? TimeSpan.Zero, time, either.Token);
        await CloseAllAsync(sessions, either.Token);
        await notice.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // 4
        leaveDelay.End();
        await WaitForLeavesAsync(either.Token);
        await backplane.StopAsync(either.Token);
        LogEnded(logger, connections.Count);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task WaitForLeavesAsync(CancellationToken cancellation)
    {
        while (rooms.LeavesUnderWay > 0 && !cancellation.IsCancellationRequested)
            await Task.Delay(Step, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task CloseAllAsync(List<Session> sessions, CancellationToken cancellation)
    {
        // Each client is told its own moment, drawn at random, so that they do not come to the other nodes at once.
        var window = options.Window < options.Deadline - Reserve ? options.Window : options.Deadline / 2;
        var due = sessions.Select(session => (Session: session, After: window * Random.Shared.NextDouble())).OrderBy(item => item.After).ToList();
        foreach (var (session, after) in due)
            session.Connection.Send(new DrainMessage((long)after.TotalMilliseconds));

        var start = time.GetTimestamp();
        var next = 0;
        try
        {
            while (next < due.Count || connections.Count > 0)
            {
                var elapsed = time.GetElapsedTime(start);
                while (next < due.Count && due[next].After <= elapsed)
                    due[next++].Session.Connection.Close(CloseCode.GoingAway, "the node is draining");
                if (connections.Count == 0)
                    break;
                if (elapsed > options.Deadline - Reserve)
                    break;
                await Task.Delay(Step, time, cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            // In a hurry: what is left is closed at once below.
        }

        foreach (var session in connections.All)
            session.Connection.Close(CloseCode.GoingAway, "the node is draining");
    }

    [LoggerMessage(1400, LogLevel.Information, "Draining: {Connections} connections are asked to go elsewhere", EventName = "DrainBegun")]
    private static partial void LogBegun(ILogger logger, int connections);

    [LoggerMessage(1401, LogLevel.Information, "Drained: {Left} connections left", EventName = "DrainEnded")]
    private static partial void LogEnded(ILogger logger, int left);
}
