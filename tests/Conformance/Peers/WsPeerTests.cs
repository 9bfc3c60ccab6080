using System.Diagnostics;
using Fanout.Tests.Conformance.Support;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Conformance.Peers;

/// <summary>Another implementation of both RFCs, played against <c>/echo</c>: what two programs of one author agree on may be wrong all the same.</summary>
public sealed class WsPeerTests(EchoNode node, ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    [Fact]
    public async Task Ws_FindsNothing()
    {
        var folder = Path.Combine(Root(), "tests/Conformance/Peers");
        if (!Directory.Exists(Path.Combine(folder, "node_modules/ws")))
        {
            var (installed, log) = await RunAsync("npm", folder, "ci", "--no-audit", "--no-fund");
            Assert.SkipUnless(installed == 0, $"The package ws cannot be had here: {log}");
        }

        var (code, lines) = await RunAsync("node", folder, "ws.mjs", new Uri($"ws://{node.BaseUri.Authority}/echo").ToString());

        output.WriteLine(lines);
        Assert.Equal(0, code);
        Assert.Matches(@"[1-9]\d{3,} passed, 0 failed", lines);
    }

    // Null where there is no such program.
    private static async Task<(int? Code, string Lines)> RunAsync(string program, string folder, params string[] arguments)
    {
        using var process = new Process { StartInfo = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true } };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return (null, e.Message);
        }

        try
        {
            var (lines, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync().WithDeadline($"{program} to end", Patience);
            return (process.ExitCode, await lines + await errors);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Fanout.sln")))
            folder = folder.Parent;
        return folder.FullName;
    }
}
