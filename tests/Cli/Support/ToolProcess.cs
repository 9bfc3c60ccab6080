using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;
using Fanout.Tests.TestKit;

namespace Fanout.Tests.Cli.Support;

/// <summary>A tool that runs: its two outputs apart, its input, and signals.</summary>
public sealed class ToolProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private readonly Lock _gate = new();

    private ToolProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public string Output
    {
        get
        {
            lock (_gate)
                return _output.ToString();
        }
    }

    public string Error
    {
        get
        {
            lock (_gate)
                return _error.ToString();
        }
    }

    public static ToolProcess Start(ProcessStartInfo info)
    {
        info.RedirectStandardInput = info.RedirectStandardOutput = info.RedirectStandardError = true;
        info.UseShellExecute = false;
        var tool = new ToolProcess(new Process { StartInfo = info });
        tool._process.OutputDataReceived += (_, line) => tool.Keep(tool._output, line.Data, tool._lines);
        tool._process.ErrorDataReceived += (_, line) => tool.Keep(tool._error, line.Data, null);
        tool._process.Start();
        tool._process.BeginOutputReadLine();
        tool._process.BeginErrorReadLine();
        return tool;
    }

    public async Task WriteAsync(string text)
    {
        await _process.StandardInput.WriteAsync(text);
        await _process.StandardInput.FlushAsync();
    }

    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>The next line of its standard output.</summary>
    public Task<string> NextLineAsync() => Deadlines.RunAsync(cancelled => _lines.Reader.ReadAsync(cancelled).AsTask(), "a line of the tool", context: () => Error);

    /// <summary>Waits until standard output holds this.</summary>
    public Task WaitForOutputAsync(string text) => Eventually.TrueAsync(() => Output.Contains(text, StringComparison.Ordinal), $"'{text}' on standard output", context: () => Output + Error);

    /// <summary>SIGINT, as by Ctrl+C.</summary>
    public void Interrupt() => _ = SendSignal(_process.Id, 2);

    /// <summary>SIGTERM.</summary>
    public void Terminate() => _ = SendSignal(_process.Id, 15);

    public async Task<ToolResult> WaitAsync(TimeSpan? deadline = null)
    {
        await _process.WaitForExitAsync().WithDeadline("the tool's end", deadline, () => $"{Output}\n{Error}");
        lock (_gate)
            return new ToolResult(_process.ExitCode, _output.ToString(), _error.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It ended by itself.
        }

        await _process.WaitForExitAsync().WithDeadline("the tool's end");
        _process.Dispose();
    }

    private void Keep(StringBuilder into, string? line, Channel<string>? lines)
    {
        if (line is null)
        {
            lines?.Writer.TryComplete();
            return;
        }

        lock (_gate)
            into.Append(line).Append('\n');
        lines?.Writer.TryWrite(line);
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int SendSignal(int pid, int signal);
}
