using System.Runtime.InteropServices;

namespace Fanout.Node.Drain;

/// <summary>Hears the second signal to end: the host takes the first as the order to stop, and ignores all others.</summary>
internal sealed class DrainSignals(DrainState state) : IHostedService, IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _heard;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var signal in new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT })
            _registrations.Add(PosixSignalRegistration.Create(signal, OnSignal));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _registrations.ForEach(registration => registration.Dispose());

    private void OnSignal(PosixSignalContext context)
    {
        // Else the second one would end the process on the spot.
        context.Cancel = true;
        if (Interlocked.Increment(ref _heard) > 1)
            state.Hurry();
    }
}
