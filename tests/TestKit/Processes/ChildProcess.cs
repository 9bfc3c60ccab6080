using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Fanout.Tests.TestKit.Processes;

/// <summary>
/// A process that the test started, with its output and with signals. Signals go to its pid alone, and never after its exit was seen.
/// What is still there when the test process ends is killed.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly EventHandler _killAtOurExit;
    private bool _disposed;

    private ChildProcess(Process process)
    {
        _process = process;
        _killAtOurExit = (_, _) => Kill();
        AppDomain.CurrentDomain.ProcessExit += _killAtOurExit;
    }

    public int Id { get; private init; }

    public BoundedLog Log { get; private init; } = new();

    public bool HasExited => _disposed || _process.HasExited;

    public static ChildProcess Start(ProcessStartInfo info)
    {
        info.RedirectStandardOutput = info.RedirectStandardError = info.RedirectStandardInput = true;
        info.UseShellExecute = false;
        var log = new BoundedLog();
        var process = new Process { StartInfo = info };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
        return new ChildProcess(process) { Id = process.Id, Log = log };

        void Keep(string? line)
        {
            if (line is not null)
                log.Add(line);
        }
    }

    /// <summary>The exit code, once the process has ended and all its output was read.</summary>
    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    public void Send(Signal signal)
    {
        if (_process.HasExited)
            throw new InvalidOperationException($"Process {Id} has ended with code {_process.ExitCode}; it takes no {signal}");
        if (SendSignal(Id, (int)signal) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"kill({Id}, {signal})");
    }

    /// <summary>SIGKILL, which works on a stopped process too; nothing when it has ended.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It ended by itself in the meantime.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        AppDomain.CurrentDomain.ProcessExit -= _killAtOurExit;
        Kill();
        await ExitAsync().WithDeadline($"the end of process {Id}", context: () => Log.Tail());
        _disposed = true;
        _process.Dispose();
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int pid, int signal);
}
