using System.Text.RegularExpressions;
using System.Xml.Linq;
using Fanout.Shared.Rooms;
using Xunit;

namespace Fanout.Tests.Unit.Architecture;

/// <summary>Who may know whom (DESIGN.md, section 2).</summary>
public sealed partial class DependencyTests
{
    [Fact]
    public void RedisLibrary_IsNamedInFoldersRedisAndHostingAlone()
    {
        var naming = SourceTree.CSharpFiles().Where(file => file.Text.Contains("StackExchange.Redis", StringComparison.Ordinal)).Select(file => file.Path).ToList();

        Assert.NotEmpty(naming);
        Assert.DoesNotContain(naming, path => !SourceTree.FoldersOf(path).Any(folder => folder is "Redis" or "Hosting"));
    }

    [Fact]
    public void Shared_KnowsNobody()
    {
        var project = XDocument.Load(Path.Combine(SourceTree.Root, "src", "Shared", "Shared.csproj"));

        Assert.Empty(project.Descendants("ProjectReference"));
        Assert.Empty(project.Descendants("PackageReference"));
        Assert.All(
            typeof(RoomName).Assembly.GetReferencedAssemblies(),
            assembly => Assert.Matches(@"^(System(\..+)?|netstandard)$", assembly.Name));
    }

    [Fact]
    public void Hosting_IsKnownToTheProgramAlone()
    {
        var knowing = SourceTree.CSharpFiles("FanoutNode")
            .Where(file => NamesHosting().IsMatch(file.Text))
            .Where(file => !SourceTree.FoldersOf(file.Path).Contains("Hosting") && Path.GetFileName(file.Path) != "Program.cs")
            .Select(file => file.Path);

        Assert.Empty(knowing);
    }

    [Fact]
    public void Diagnostics_KnowsNoSocketAndNoRoom()
    {
        var knowing = SourceTree.CSharpFiles(Path.Combine("FanoutNode", "Diagnostics"))
            .Where(file => file.Text.Contains("using Fanout.Node.Connections", StringComparison.Ordinal) || file.Text.Contains("using Fanout.Node.Rooms", StringComparison.Ordinal))
            .Select(file => file.Path);

        Assert.Empty(knowing);
    }

    // The folder is the namespace: who looks for a type finds it.
    [Fact]
    public void Namespace_IsTheFolder()
    {
        foreach (var (path, text) in SourceTree.CSharpFiles())
        {
            if (Namespace().Match(text) is not { Success: true } match)
                continue;
            var folders = SourceTree.FoldersOf(path);
            // Extensions of IServiceCollection stand where every application looks for them, as .NET's guidelines for libraries ask.
            if (folders[^1] == "DependencyInjection" && match.Groups[1].Value == "Microsoft.Extensions.DependencyInjection")
                continue;
            var root = folders[0] switch { "Shared" => "Fanout.Shared", "FanoutNode" => "Fanout.Node", "Client" => "Fanout.Client", "Cli" => "Fanout.Cli", _ => null };
            if (root is not null)
                Assert.Equal((path, string.Join('.', [root, .. folders.Skip(1)])), (path, match.Groups[1].Value));
        }
    }

    [GeneratedRegex(@"\bFanout\.Node\.Hosting\b")]
    private static partial Regex NamesHosting();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
