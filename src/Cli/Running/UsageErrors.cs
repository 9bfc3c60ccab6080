using System.CommandLine;
using System.CommandLine.Parsing;

namespace Fanout.Cli.Running;

/// <summary>What is wrong with a command line, without repeating what may be a secret.</summary>
internal static class UsageErrors
{
    public static CliException Of(ParseResult parsed)
    {
        var path = PathOf(parsed.CommandResult);
        return CliException.Usage(Text(parsed), $"`{path} --help` says how it is used.");
    }

    private static string Text(ParseResult parsed)
    {
        var unmatched = parsed.UnmatchedTokens;
        var isRoot = parsed.CommandResult.Parent is null;
        if (isRoot && unmatched is [var word, ..] && !word.StartsWith('-'))
            return $"There is no command '{word}'.";
        // The value behind a misspelt --api-key is unmatched too, and is not shown.
        if (unmatched.FirstOrDefault(token => token.StartsWith('-')) is { } option)
            return $"There is no option '{option.Split('=', ':')[0]}'.";
        if (unmatched.Count > 0)
            return $"'{unmatched[0]}' is one argument too many.";

        var error = parsed.Errors[0].Message;
        return isRoot && error.StartsWith("Required command", StringComparison.Ordinal)
            ? "No command was given."
            : error;
    }

    private static string PathOf(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{PathOf(parent)} {result.Command.Name}" : "fanout";
}
