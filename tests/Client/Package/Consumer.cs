using System.Diagnostics;
using Fanout.Tests.TestKit;

namespace Fanout.Tests.Client.Package;

/// <summary>A project outside of the repository that gets the packages from a folder.</summary>
internal sealed class Consumer : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(8);
    private static readonly string Dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    public Consumer()
    {
        Folder = Directory.CreateTempSubdirectory("fanout-net-package-").FullName;
        // A packages folder of its own, so that an older package of the same version is not taken for this one; what others have made is borrowed.
        var cache = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var fallback = Directory.Exists(Path.Combine(cache, "fanout.client"))
            ? ""
            : $"""<fallbackPackageFolders><add key="all" value="{cache}" /></fallbackPackageFolders>""";
        Write("NuGet.config", $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{Folder}/cache" /></config>
              <packageSources><add key="fanout" value="{Folder}/packages" /></packageSources>
              {(Directory.Exists(cache) ? fallback : "")}
            </configuration>
            """);
    }

    public string Folder { get; }

    public void Write(string name, string content) => File.WriteAllText(Path.Combine(Folder, name), content);

    public Task<string> DotnetAsync(params string[] arguments) => RunAsync(Dotnet, arguments);

    /// <exception cref="InvalidOperationException">It ended with a failure; the message has what it wrote.</exception>
    public async Task<string> RunAsync(string command, params string[] arguments)
    {
        var info = new ProcessStartInfo(command, arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // What `dotnet test` sets for its own must not reach the build.
        foreach (var name in info.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || name is "CI").ToArray())
            info.Environment.Remove(name);
        // One framework is installed; programs for an older one run on it.
        info.Environment["DOTNET_ROLL_FORWARD"] = "Major";
        info.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(info)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync().WithDeadline($"{command} {string.Join(' ', arguments)}", Long);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException($"{command} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await output}{await errors}");
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
