using Fanout.Shared.Protocol;

namespace Fanout.Node.Rpc;

/// <summary>A method's name in which <c>*</c> stands for any run of characters. Unlike a room's, a method's name may hold any character.</summary>
internal static class MethodPattern
{
    public static bool IsMatch(string pattern, string method) => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(Escape(pattern), method, ignoreCase: false);

    public static bool IsValid(string pattern) => pattern.Length is > 0 and <= ProtocolLimits.MaxMethodLength;

    public static bool MatchesAny(IReadOnlyList<string> patterns, string method)
    {
        foreach (var pattern in patterns)
        {
            if (IsMatch(pattern, method))
                return true;
        }

        return false;
    }

    // The library's expressions know a question mark, too, and a backslash that takes both their meaning.
    private static string Escape(string pattern) => pattern.AsSpan().IndexOfAny('\\', '?') < 0
        ? pattern
        : pattern.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("?", "\\?", StringComparison.Ordinal);
}
