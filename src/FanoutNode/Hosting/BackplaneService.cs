using Fanout.Node.Backplane;
using Fanout.Node.Diagnostics;
using Fanout.Node.Rooms;

namespace Fanout.Node.Hosting;

/// <summary>Starts the backplane with the host. It is stopped by the drain, when the last socket is gone.</summary>
internal sealed class BackplaneService(IBackplane backplane, MessageIntake intake, RoomRegistry rooms, NodeStatus status, FanoutMetrics metrics, IHostApplicationLifetime lifetime)
    : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        status.RoomCount = () => rooms.Count;
        backplane.Start(intake);
        metrics.BackplaneStateChanged(backplane.State);
        // The program says why, and ends as it does for other settings that are wrong.
        _ = backplane.Refused?.ContinueWith(_ => lifetime.StopApplication(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
