using System.CommandLine.Parsing;
using System.Globalization;

namespace Fanout.Cli.Commands;

/// <summary>Ranges of options.</summary>
internal static class Numbers
{
    public static void MustBe(OptionResult result, int least, int most)
    {
        if (result.Tokens is not [var token])
            return;
        if (!int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value < least || value > most)
            result.AddError(most == int.MaxValue ? $"{result.Option.Name} must be a number from {least} on." : $"{result.Option.Name} must be {least} to {most}.");
    }
}
