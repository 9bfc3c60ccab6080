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
        // The value behind a misspelt --api-key is unmatched too; only what looks like an option, or comes first, is shown.
        if (unmatched.FirstOrDefault(token => token.StartsWith('-')) is { } option)
            return $"There is no option '{option.Split('=', ':')[0]}'.";
        if (unmatched.Count > 0)
        {
            return parsed.CommandResult.Parent is null
                ? $"There is no command '{unmatched[0]}'."
                : $"'{unmatched[0]}' is one argument too many.";
        }

        var error = parsed.Errors[0].Message;
        return parsed.CommandResult.Parent is null && parsed.CommandResult.Command.Subcommands.Count > 0 && error.StartsWith("Required command", StringComparison.Ordinal)
            ? "No command was given."
            : error;
    }

    private static string PathOf(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{PathOf(parent)} {result.Command.Name}" : "fanout";
}
