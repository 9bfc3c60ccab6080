using System.Diagnostics;
using System.Reflection;

namespace Fanout.Tests.Cli.Support;

/// <summary>Starts the tool as a process of its own; FANOUT_TEST_TOOL names another one than was built, such as one that was installed.</summary>
public sealed class FanoutTool
{
    private static readonly string Built =
        typeof(FanoutTool).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "FanoutTool").Value!;

    private static readonly string? Installed = Environment.GetEnvironmentVariable("FANOUT_TEST_TOOL");

    // What the developer's shell says must not reach the tool.
    private static readonly string[] NotInherited = ["FANOUT_", "Fanout__", "ASPNETCORE_", "NO_COLOR", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "TERM"];

    private readonly Dictionary<string, string> _environment = [];

    public FanoutTool With(string name, string? value)
    {
        if (value is null)
            _environment.Remove(name);
        else
            _environment[name] = value;
        return this;
    }

    /// <summary>Runs it to its end, with nothing on standard input.</summary>
    public async Task<ToolResult> RunAsync(params string[] arguments)
    {
        await using var tool = Start(arguments);
        tool.CloseInput();
        return await tool.WaitAsync();
    }

    /// <summary>Runs it to its end, with this on standard input.</summary>
    public async Task<ToolResult> RunWithInputAsync(string input, params string[] arguments)
    {
        await using var tool = Start(arguments);
        await tool.WriteAsync(input);
        tool.CloseInput();
        return await tool.WaitAsync();
    }

    // A shell's background job ignores SIGINT, and so would all that it starts: the tests too may run as one, the tool may not.
    public ToolProcess Start(params string[] arguments) => ToolProcess.Start(Apply(new ProcessStartInfo(
        "env", ["--default-signal=INT", .. Installed is null ? (string[])[DotNet, Built] : [Installed], .. arguments])));

    /// <summary>Runs a shell command in which <c>fanout</c> is the tool; in a session of its own, so that what it does to its terminal is not done to ours.</summary>
    public ToolProcess StartShell(string command) => ToolProcess.Start(Apply(new ProcessStartInfo(
        "env", ["--default-signal=INT", "setsid", "-w", "bash", "-c", $"fanout() {{ {(Installed is null ? $"'{DotNet}' '{Built}'" : $"'{Installed}'")} \"$@\"; }}; {command}"])));

    /// <summary>The words that start the tool in a shell that is not ours.</summary>
    public static string ShellWords => Installed ?? $"{DotNet} {Built}";

    private static string DotNet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    private ProcessStartInfo Apply(ProcessStartInfo info)
    {
        foreach (var name in info.Environment.Keys.Where(name => NotInherited.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))).ToList())
            info.Environment.Remove(name);
        foreach (var (name, value) in _environment)
            info.Environment[name] = value;
        return info;
    }
}
