using System.Globalization;
using System.Text;

namespace Fanout.Shared.Rooms;

/// <summary>Maps a user (the <c>sub</c> of a token) to the room that all of the user's connections are in, and back.</summary>
/// <remarks>Bytes outside the room alphabet, and <c>=</c> itself, are written <c>=HH</c> in upper case, so the mapping is one to one.</remarks>
public static class UserRoom
{
    /// <summary>The user's room, or <see langword="null"/> where the user is empty or its room name would be too long.</summary>
    public static string? TryNameFor(string user)
    {
        if (user.Length == 0)
            return null;
        var name = new StringBuilder(RoomName.UserPrefix, RoomName.UserPrefix.Length + user.Length);
        foreach (var b in Encoding.UTF8.GetBytes(user))
        {
            if (b != '=' && IsPlain((char)b))
                name.Append((char)b);
            else
                name.Append(CultureInfo.InvariantCulture, $"={b:X2}");
        }

        return name.Length <= Protocol.ProtocolLimits.MaxRoomNameBytes ? name.ToString() : null;
    }

    /// <summary>The user behind a room made by <see cref="TryNameFor"/>; <see langword="null"/> for any other room.</summary>
    public static string? TryUserOf(string room)
    {
        if (!RoomName.IsUserRoom(room) || room.Length == RoomName.UserPrefix.Length)
            return null;
        var source = room.AsSpan(RoomName.UserPrefix.Length);
        var bytes = new List<byte>(source.Length);
        for (var i = 0; i < source.Length; i++)
        {
            if (source[i] != '=')
            {
                bytes.Add((byte)source[i]);
                continue;
            }

            if (i + 2 >= source.Length || !byte.TryParse(source.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var b))
                return null;
            bytes.Add(b);
            i += 2;
        }

        // Back again: a room that no user's name is written as (an escape too many, lower case, bytes that are no UTF-8) is no user's.
        var user = Encoding.UTF8.GetString([.. bytes]);
        return TryNameFor(user) == room ? user : null;
    }

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or ':' or '@' or '-';
}
