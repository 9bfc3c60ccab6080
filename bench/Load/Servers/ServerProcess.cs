using System.Collections.Concurrent;
using System.Diagnostics;
using Fanout.Bench.Load.Native;

namespace Fanout.Bench.Load.Servers;

/// <summary>A server's process. What it writes goes to a log file.</summary>
internal sealed class ServerProcess : IDisposable
{
    // What the developer's shell has set must not reach a server.
    private static readonly string[] NotInherited = ["Fanout__", "ASPNETCORE_", "OTEL_", "DOTNET_ENVIRONMENT", "DOTNET_URLS", "DOTNET_STARTUP_HOOKS"];

    private static readonly ConcurrentDictionary<int, ServerProcess> Running = new();

    private readonly Process _process;

    static ServerProcess() => AppDomain.CurrentDomain.UnhandledException += (_, _) =>
    {
        // No server outlives a generator that fails.
        foreach (var server in Running.Values)
            server.Dispose();
    };

    private ServerProcess(Process process)
    {
        _process = process;
        Running[process.Id] = this;
    }

    public int Id => _process.Id;

    public static ServerProcess Start(string log, string file, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>>? environment = null)
    {
        // The shell only opens the log; exec makes the server's process id ours.
        var info = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" >\"$log\" 2>&1", "sh", log, file, .. arguments])
        {
            WorkingDirectory = Path.GetDirectoryName(log),
        };
        foreach (var name in info.Environment.Keys.Where(name => NotInherited.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))).ToList())
            info.Environment.Remove(name);
        foreach (var (name, value) in environment ?? [])
            info.Environment[name] = value;
        return new ServerProcess(Process.Start(info)!);
    }

    public bool HasExited => _process.HasExited;

    public void Dispose()
    {
        Running.TryRemove(_process.Id, out _);
        // Asked first, since nginx must end its workers; then made to, since a drain is not what is measured.
        if (!_process.HasExited)
        {
            _ = Libc.Kill(_process.Id, Libc.SignalTerminate);
            if (!_process.WaitForExit(1500))
                _process.Kill(entireProcessTree: true);
        }

        _process.WaitForExit();
        _process.Dispose();
    }
}
