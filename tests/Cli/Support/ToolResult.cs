using System.Text.Json.Nodes;
using Xunit;

namespace Fanout.Tests.Cli.Support;

/// <summary>What the tool ended with.</summary>
public sealed record ToolResult(int ExitCode, string Output, string Error)
{
    /// <summary>Standard output as one JSON document.</summary>
    public JsonNode Json => JsonNode.Parse(Output) ?? throw new InvalidOperationException("null");

    /// <summary>The error as <c>--json</c> gives it.</summary>
    public JsonNode JsonError => JsonNode.Parse(Error)!["error"]!;

    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The tab-separated values of each line.</summary>
    public string[][] Values => [.. Lines.Select(line => line.Split('\t'))];

    public ToolResult Expect(int exitCode)
    {
        Assert.True(exitCode == ExitCode, $"The exit code is {ExitCode} instead of {exitCode}:\n{Output}{Error}");
        // Piped, nothing is coloured and nothing moves the cursor.
        Assert.DoesNotContain('\u001b', Output);
        Assert.DoesNotContain('\u001b', Error);
        return this;
    }
}
