using System.Diagnostics;
using System.Runtime.InteropServices;
using Fanout.Tests.TestKit;

namespace Fanout.Tests.Client.Examples;

/// <summary><c>dotnet run</c> of an example, as the README says it; what it builds is kept for the next run.</summary>
internal sealed class ExampleProcess : IAsyncDisposable
{
    private const int Terminate = 15;

    /// <summary>The first run builds the example and the packages that it uses.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);
    private readonly Process _process;
    private readonly List<string> _lines = [];

    public ExampleProcess(string example, params string[] arguments)
    {
        var info = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["run", example, "--", .. arguments])
        {
            WorkingDirectory = Repository(),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        // What `dotnet test` sets for its own must not reach the build.
        foreach (var name in info.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || name is "CI").ToArray())
            info.Environment.Remove(name);
        info.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        // The audit asks the registry, which may be out of reach; ./test asks it for the whole repository.
        info.Environment["NuGetAudit"] = "false";
        _process = new Process { StartInfo = info };
        _process.OutputDataReceived += (_, line) => Add(line.Data);
        _process.ErrorDataReceived += (_, line) => Add(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string[] Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public Task TypeAsync(string line) => _process.StandardInput.WriteLineAsync(line);

    public Task WaitForAsync(Func<string[], bool> wanted, string what) => Eventually.TrueAsync(
        () => wanted(Lines) || (_process.HasExited ? throw new InvalidOperationException($"It ended with {_process.ExitCode}.") : false),
        what, Long, () => string.Join('\n', Lines));

    /// <summary>As a service manager does, or the end of a terminal.</summary>
    public async Task<int> StopAsync()
    {
        if (SendSignal(_process.Id, Terminate) != 0)
            throw new InvalidOperationException("It had ended.");
        return await ExitAsync();
    }

    /// <summary>By itself, since nobody types any more.</summary>
    public async Task<int> EndOfInputAsync()
    {
        _process.StandardInput.Close();
        return await ExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync().WithDeadline("the end of the example", context: () => string.Join('\n', Lines));
        return _process.ExitCode;
    }

    private void Add(string? line)
    {
        lock (_lines)
        {
            if (line is not null)
                _lines.Add(line);
        }
    }

    private static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Fanout.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run inside of the repository.");
        return folder;
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int pid, int signal);
}
