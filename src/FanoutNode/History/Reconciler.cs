using Fanout.Node.Backplane;
using Fanout.Node.Rooms;

namespace Fanout.Node.History;

/// <summary>
/// Compares every local room that has history with the backplane: after each loss of the subscription connection, and at a steady interval, since
/// a subscription can die alone and the last message before a silence has no successor that would show it missing.
/// </summary>
internal sealed partial class Reconciler(RoomRegistry rooms, HealthOptions options, TimeProvider time, ILogger<Reconciler> logger) : BackgroundService
{
    // Comparisons in flight at once: enough to fill the connection, few enough that publishes between them are not held up.
    private const int InFlight = 256;

    private readonly SemaphoreSlim _now = new(0, 1);
    private readonly Lock _gate = new();

    /// <summary>Asks for a comparison at once.</summary>
    public void Request()
    {
        lock (_gate)
        {
            if (_now.CurrentCount == 0)
                _now.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await WaitAsync(stoppingToken);
            var failed = 0;
            await Parallel.ForEachAsync(
                rooms.All.Where(room => room.Sequencer is not null),
                new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = stoppingToken },
                async (room, _) =>
                {
                    // The first that could not be asked speaks for the rest of the round.
                    if (Volatile.Read(ref failed) > 0)
                        return;
                    try
                    {
                        await room.Sequencer!.ReconcileAsync();
                    }
                    catch (BackplaneUnavailableException)
                    {
                        Interlocked.Increment(ref failed);
                    }
                    catch (Exception e)
                    {
                        LogFailed(logger, e);
                    }
                });
            if (failed == 0)
                continue;
            // Lost again on the way: the rooms that were not reached are still unproven.
            await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken);
            Request();
        }
    }

    private async Task WaitAsync(CancellationToken stopping)
    {
        using var timeout = new CancellationTokenSource(options.CompareInterval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping);
        await _now.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(1710, LogLevel.Error, "Comparing a room with the backplane failed", EventName = "ReconcileFailed")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
