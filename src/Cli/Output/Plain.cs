using System.Globalization;
using System.Text;

namespace Fanout.Cli.Output;

/// <summary>
/// Text from others, made fit for a terminal: a user's name may hold escape sequences that recolour, retitle or retype. Controls and marks
/// that turn the writing direction around are shown as <c>\u001b</c>.
/// </summary>
internal static class Plain
{
    public static string Of(string text)
    {
        if (!text.Any(IsTrouble))
            return text;
        var plain = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            if (IsTrouble(c))
                plain.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                plain.Append(c);
        }

        return plain.ToString();
    }

    private static bool IsTrouble(char c) =>
        char.IsControl(c) || c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') or '\u2028' or '\u2029';
}
