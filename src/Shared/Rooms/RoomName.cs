using System.Buffers;

namespace Fanout.Shared.Rooms;

/// <summary>The rules for room names: 1 to 128 bytes of <c>A-Z a-z 0-9 . _ : @ = -</c>, but not <c>.</c> or <c>..</c>.</summary>
/// <remarks>A leading <c>$</c> marks a room of the service's own: <c>$user.&lt;user&gt;</c>, <c>$all</c>, <c>$ops</c>.</remarks>
public static class RoomName
{
    /// <summary>Reaches every connection; published to by API alone, without history or members.</summary>
    public const string All = "$all";

    /// <summary>Begins the name of a user's own room.</summary>
    public const string UserPrefix = "$user.";

    /// <summary>Where nodes tell operators how they are, while somebody watches; without history.</summary>
    public const string Ops = "$ops";

    /// <summary>What happened to nodes that is worth an operator's look; with history.</summary>
    public const string OpsEvents = "$ops.events";

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@=-");

    /// <summary>Whether the name may be used at all, the service's own rooms included.</summary>
    public static bool IsValid(ReadOnlySpan<char> name)
    {
        if (name.Length is 0 or > Protocol.ProtocolLimits.MaxRoomNameBytes)
            return false;
        var rest = name[0] == '$' ? name[1..] : name;
        return rest.Length > 0 && rest is not "." and not ".." && !rest.ContainsAnyExcept(Allowed);
    }

    /// <summary>Whether the room belongs to the service (its name begins with <c>$</c>).</summary>
    public static bool IsServiceRoom(ReadOnlySpan<char> name) => name.Length > 0 && name[0] == '$';

    /// <summary>Whether the room is for operators: only they join it, and only nodes publish there.</summary>
    public static bool IsOpsRoom(ReadOnlySpan<char> name) => name.StartsWith(Ops, StringComparison.Ordinal);

    /// <summary>Whether the room is some user's own.</summary>
    public static bool IsUserRoom(ReadOnlySpan<char> name) => name.StartsWith(UserPrefix, StringComparison.Ordinal);
}
