namespace Fanout.Shared.Rooms;

/// <summary>A room name in which <c>*</c> stands for any run of characters, as used by grants and room settings.</summary>
/// <remarks>A <c>*</c> never matches a name that begins with <c>$</c>: the service's own rooms must be named by their first characters.</remarks>
public static class RoomPattern
{
    /// <summary>Whether a pattern fits a room name. Linear for one <c>*</c>, and never worse than pattern times name.</summary>
    public static bool IsMatch(ReadOnlySpan<char> pattern, ReadOnlySpan<char> room)
    {
        if (RoomName.IsServiceRoom(room) && (pattern.Length == 0 || pattern[0] != '$'))
            return false;

        // The classic two-pointer walk: remember the last star and, on a mismatch, let it swallow one character more.
        int p = 0, r = 0, star = -1, retry = 0;
        while (r < room.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                retry = r;
            }
            else if (p < pattern.Length && pattern[p] == room[r])
            {
                p++;
                r++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                r = ++retry;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
            p++;
        return p == pattern.Length;
    }

    /// <summary>Whether a pattern is made of characters that can occur in a room name, and stars.</summary>
    public static bool IsValid(string pattern) =>
        pattern.Length is > 0 and <= Protocol.ProtocolLimits.MaxRoomNameBytes
        && (pattern.Trim('*').Length == 0 || pattern is "$*" || RoomName.IsValid(pattern.Replace('*', 'x')));
}
