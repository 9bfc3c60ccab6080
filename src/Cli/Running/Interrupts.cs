using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Fanout.Cli.Running;

/// <summary>Turns Ctrl+C and SIGTERM into a cancelled token and an exit code. A second one ends the process at once.</summary>
internal sealed class Interrupts : IDisposable
{
    // A terminal and a wrapper (`timeout`, `docker`) may both pass on one Ctrl+C; what comes so soon is the same one.
    private static readonly TimeSpan SameSignal = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stopped = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _exitCode;
    private long _first;

    public Interrupts()
    {
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, Running.ExitCode.Interrupted)));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, Running.ExitCode.Terminated)));
    }

    public CancellationToken Token => _stopped.Token;

    /// <summary>What to end with if a signal came.</summary>
    public int ExitCode => _exitCode;

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _stopped.Dispose();
    }

    private void Stop(PosixSignalContext context, int exitCode)
    {
        // The first one is ours to handle: what the command has open it closes politely.
        var isFirst = Interlocked.CompareExchange(ref _exitCode, exitCode, 0) == 0;
        if (isFirst)
            Volatile.Write(ref _first, Stopwatch.GetTimestamp());
        context.Cancel = isFirst || Stopwatch.GetElapsedTime(Volatile.Read(ref _first)) < SameSignal;
        if (isFirst)
            _stopped.Cancel();
    }
}
