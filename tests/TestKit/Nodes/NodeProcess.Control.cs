using Fanout.Tests.TestKit.Processes;

namespace Fanout.Tests.TestKit.Nodes;

public sealed partial class NodeProcess
{
    /// <summary>SIGTERM: the node drains. Await <see cref="WaitForExitAsync"/> for the end of it.</summary>
    public void Terminate() => _process.Send(Signal.Terminate);

    /// <summary>SIGKILL, and waits for the exit: its sockets are gone, what it wrote to Redis stays.</summary>
    public Task KillAsync()
    {
        _process.Kill();
        return WaitForExitAsync();
    }

    /// <summary>SIGSTOP: its sockets stay open, and nothing answers.</summary>
    public void Pause() => _process.Send(Signal.Stop);

    public void Resume() => _process.Send(Signal.Continue);

    /// <summary>The exit code: 0 after a clean drain, 137 after SIGKILL, 143 where SIGTERM was not handled.</summary>
    public Task<int> WaitForExitAsync(TimeSpan? deadline = null) =>
        _process.ExitAsync().WithDeadline($"the exit of node {ProcessId}", deadline, LogTail);
}
