using System.IO.Compression;
using Fanout.Tests.TestKit.Nodes;
using Xunit;

namespace Fanout.Tests.Client.Package;

/// <summary>
/// The packages, installed into a project outside of the repository and used there against a node: trimmed and compiled ahead of time, with
/// warnings as errors; and for net8.0.
/// </summary>
public sealed class PackageTests
{
    private const string Project = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <ImplicitUsings>enable</ImplicitUsings>
            <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
            <TrimmerSingleWarn>false</TrimmerSingleWarn>
            <NuGetAudit>false</NuGetAudit>
          </PropertyGroup>
        </Project>
        """;

    private const string Program = """
        using System.Text.Json.Serialization;
        using Fanout.Client;
        using Fanout.Publisher;

        foreach (var format in new[] { FanoutFormat.Json, FanoutFormat.MessagePack })
        {
            await using var client = new FanoutClient(new FanoutClientOptions { Url = args[0], Format = format });
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await client.ConnectAsync(deadline.Token);
            var room = client.Room($"package.{format}.{Guid.NewGuid():N}", AppJson.Default.Note);
            await room.JoinAsync(deadline.Token);
            var reading = ReadAsync();
            await room.PublishAsync(new Note("socket", 1), cancellationToken: deadline.Token);
            await using (var publisher = new FanoutPublisher(new FanoutPublisherOptions { Url = args[0], ApiKey = args[1] }))
                await publisher.PublishAsync(room.Name, new Note("HTTP", 2), AppJson.Default.Note, cancellationToken: deadline.Token);
            await reading;

            async Task ReadAsync()
            {
                var left = 2;
                await foreach (var message in room.ReadAllAsync().WithCancellation(deadline.Token))
                {
                    Console.WriteLine($"{format} {message.Payload.Text} {message.Payload.N}");
                    if (--left == 0)
                        break;
                }
            }
        }

        record Note(string Text, int N);

        [JsonSerializable(typeof(Note))]
        partial class AppJson : JsonSerializerContext;
        """;

    private static readonly string[] Expected = ["Json socket 1", "Json HTTP 2", "MessagePack socket 1", "MessagePack HTTP 2"];

    [Fact]
    public async Task Packages_InstalledElsewhere_TalkToANode_TrimmedAndOnNet8()
    {
        using var consumer = await ConsumerAsync();
        await using var node = await NodeProcess.StartAsync();
        string[] arguments = [node.BaseUri.ToString(), NodeOptions.ApiKey];
        await consumer.DotnetAsync("publish", "consumer.csproj", "-c", "Release", "--use-current-runtime", "-v", "quiet", "-o", "out", "-p:PublishTrimmed=true", "--self-contained");
        Assert.Equal(Expected, Lines(await consumer.RunAsync(Path.Combine(consumer.Folder, "out", "consumer"), arguments)));

        consumer.Write("consumer.csproj", (await File.ReadAllTextAsync(Path.Combine(consumer.Folder, "consumer.csproj"))).Replace("net10.0", "net8.0", StringComparison.Ordinal));
        await consumer.DotnetAsync("build", "consumer.csproj", "-c", "Debug", "-v", "quiet", "-o", "old");
        Assert.Equal(Expected, Lines(await consumer.DotnetAsync([Path.Combine(consumer.Folder, "old", "consumer.dll"), .. arguments])));
    }

    [Fact]
    public async Task Packages_InstalledElsewhere_TalkToANode_CompiledAheadOfTime()
    {
        var linker = Linker();
        Assert.SkipWhen(linker is null, "There is no clang and no gcc, and without one nothing is linked ahead of time.");
        using var consumer = await ConsumerAsync();
        await using var node = await NodeProcess.StartAsync();
        await consumer.DotnetAsync(
            "publish", "consumer.csproj", "-c", "Release", "--use-current-runtime", "-v", "quiet", "-o", "out", "-p:PublishAot=true", $"-p:CppCompilerAndLinker={linker}");
        Assert.Equal(Expected, Lines(await consumer.RunAsync(Path.Combine(consumer.Folder, "out", "consumer"), node.BaseUri.ToString(), NodeOptions.ApiKey)));
    }

    private static async Task<Consumer> ConsumerAsync()
    {
        var consumer = new Consumer();
        foreach (var project in new[] { "Client", "Publisher" })
            await consumer.DotnetAsync("pack", Path.Combine(Repository(), "src", project), "-c", "Release", "--no-build", "-v", "quiet", "-o", "packages");
        var client = Assert.Single(Directory.GetFiles(Path.Combine(consumer.Folder, "packages"), "Fanout.Client.*.nupkg"));
        using (var package = ZipFile.OpenRead(client))
        {
            Assert.Equal(
                ["README.md", "lib/net10.0/Fanout.Client.dll", "lib/net10.0/Fanout.Shared.dll", "lib/net8.0/Fanout.Client.dll", "lib/net8.0/Fanout.Shared.dll"],
                package.Entries.Select(entry => entry.FullName).Where(name => name is "README.md" || name.EndsWith(".dll", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        }

        consumer.Write("consumer.csproj", Project);
        consumer.Write("Program.cs", Program);
        await consumer.DotnetAsync("add", "consumer.csproj", "package", "Fanout.Publisher");
        return consumer;
    }

    private static string[] Lines(string output) => output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string? Linker() => new[] { "clang", "gcc" }.FirstOrDefault(
        name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, name))));

    private static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Fanout.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run inside of the repository.");
        return folder;
    }
}
