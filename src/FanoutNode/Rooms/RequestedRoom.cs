using System.Globalization;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Rooms;

/// <summary>A room that a client asks for at the connect, and from where on.</summary>
/// <param name="Name">As the client wrote it; not checked yet.</param>
/// <param name="Since">The position it has, if it has one.</param>
/// <param name="Problem">What is wrong with the item, for the <c>error</c> that answers it.</param>
internal sealed record RequestedRoom(string Name, RoomPosition? Since, string? Problem)
{
    /// <summary>Where there is no position: begin with the last so many messages.</summary>
    public int? Last { get; init; }

    /// <summary>Whether presence notices are wanted. Only a stream says it here; a socket sends <c>join</c>.</summary>
    public bool WantsPresence { get; init; }

    /// <summary>So many rooms may be named at the connect, whatever the limit of rooms is: each has an answer of its own.</summary>
    public const int MostInList = 1000;

    /// <summary>As far back as any room's history can be set to reach in one answer; who asks for more gets this.</summary>
    public const int MostLast = 10_000;

    /// <summary>
    /// Reads <c>a;&lt;epoch&gt;;&lt;offset&gt;,b;;&lt;last&gt;,c</c>, percent-decoded already. A bad item is returned with its problem: it gets an
    /// answer of its own and does not harm the others.
    /// </summary>
    /// <returns>Null if there are more than <see cref="MostInList"/>.</returns>
    public static List<RequestedRoom>? ParseList(string value)
    {
        var rooms = new List<RequestedRoom>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var parts = item.Split(';');
            if (!names.Add(parts[0]))
                continue;
            if (rooms.Count == MostInList)
                return null;
            rooms.Add(parts.Length switch
            {
                1 => new RequestedRoom(parts[0], null, null),
                // No room has an epoch without a name, so there is nothing else that this could mean.
                3 when parts[1].Length == 0 && TryReadLast(parts[2], out var last) => new RequestedRoom(parts[0], null, null) { Last = last },
                3 when RoomPosition.TryParse(parts[1], parts[2], out var since) => new RequestedRoom(parts[0], since, null),
                _ => new RequestedRoom(parts[0], null, "a room in 'rooms' is written name, name;epoch;offset, or name;;n for its last n messages"),
            });
        }

        return rooms;
    }

    /// <summary>Reads how many of the last messages a room shall begin with.</summary>
    public static bool TryReadLast(string text, out int last)
    {
        var isRead = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out last);
        last = Math.Min(last, MostLast);
        return isRead;
    }

    /// <summary>Whether the name could be joined by anybody; whether this client may is asked later.</summary>
    public bool IsWellFormed => Problem is null && RoomName.IsValid(Name);
}
