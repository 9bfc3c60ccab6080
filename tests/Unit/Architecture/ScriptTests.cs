using System.Text.RegularExpressions;
using Xunit;

namespace Fanout.Tests.Unit.Architecture;

/// <summary>Lua scripts open with a list of their keys and arguments.</summary>
public sealed partial class ScriptTests
{
    public static TheoryData<string> Scripts => [.. SourceTree.Files(Path.Combine("FanoutNode", "Backplane", "Redis", "Scripts"), "*.lua").Select(file => file.Path)];

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Script_ListsWhatItUses_OnTop(string path)
    {
        var lines = File.ReadAllLines(Path.Combine(SourceTree.Root, "src", path)).SkipWhile(line => line.StartsWith("#!lua", StringComparison.Ordinal)).ToList();
        var head = string.Join('\n', lines.TakeWhile(line => line.StartsWith("--", StringComparison.Ordinal)));
        var body = string.Join('\n', lines.SkipWhile(line => line.StartsWith("--", StringComparison.Ordinal)));

        Assert.Equal(Named(body), Named(head));
        Assert.Contains("Returns", head, StringComparison.Ordinal);
    }

    // Every key that a script touches is given to it: otherwise a cluster could not route it.
    [Theory]
    [MemberData(nameof(Scripts))]
    public void Script_MakesNoKeysByItself(string path)
    {
        var text = File.ReadAllText(Path.Combine(SourceTree.Root, "src", path));

        Assert.DoesNotMatch(@"redis\.p?call\(\s*'(?!TIME|PUBLISH|SPUBLISH|INFO)[A-Z]+'\s*,\s*['""]", text);
    }

    private static IEnumerable<string> Named(string text) => Reference().Matches(text).Select(match => match.Value).Distinct().Order(StringComparer.Ordinal);

    [GeneratedRegex(@"\b(KEYS|ARGV)\[\d+\]")]
    private static partial Regex Reference();
}
