using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Rpc;

/// <summary>A method's name in which <c>*</c> stands for any run of characters. Unlike a room's, a method's name may hold any character.</summary>
internal static class MethodPattern
{
    // Before both, so that a leading dollar, which is special in rooms, is a character like others here.
    private const string Plain = "m";

    public static bool IsMatch(string pattern, string method) => RoomPattern.IsMatch(Plain + pattern, Plain + method);

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
}
