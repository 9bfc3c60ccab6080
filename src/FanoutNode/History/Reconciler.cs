using System.Collections.Concurrent;
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

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

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
        var unproven = new List<Room>();
        while (!stoppingToken.IsCancellationRequested)
        {
            // Rooms that could not be asked are asked again soon: alone, since one that Redis refuses must not cost all others a comparison.
            var all = unproven.Count == 0 || unproven.Count >= InFlight;
            if (await WaitAsync(unproven.Count == 0 ? options.CompareInterval : RetryDelay, stoppingToken) || all)
                unproven = [.. rooms.All.Where(room => room.Sequencer is not null)];
            unproven = await CompareAsync(unproven, stoppingToken);
        }
    }

    /// <returns>Those that could not be asked.</returns>
    private async Task<List<Room>> CompareAsync(IEnumerable<Room> wanted, CancellationToken stopping)
    {
        var failed = new ConcurrentBag<Room>();
        await Parallel.ForEachAsync(
            wanted,
            new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = stopping },
            async (room, _) =>
            {
                // As many as were in flight have failed: Redis is away, and the rest would only wait for the same answer.
                if (failed.Count >= InFlight || room.IsRetired)
                    return;
                try
                {
                    await room.Sequencer!.ReconcileAsync();
                }
                catch (BackplaneUnavailableException)
                {
                    failed.Add(room);
                }
                catch (Exception e)
                {
                    LogFailed(logger, e);
                }
            });
        return [.. failed];
    }

    /// <returns>Whether a comparison of all was asked for.</returns>
    private async Task<bool> WaitAsync(TimeSpan longest, CancellationToken stopping)
    {
        using var timeout = new CancellationTokenSource(longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping);
        var asked = _now.WaitAsync(either.Token);
        await asked.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return asked.IsCompletedSuccessfully;
    }

    [LoggerMessage(1710, LogLevel.Error, "Comparing a room with the backplane failed", EventName = "ReconcileFailed")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
