using System.Buffers;
using System.Globalization;
using Fanout.Node.Rooms;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Sse;

/// <summary>What a client that comes back knows: the <c>id</c> of the last event that it got.</summary>
/// <param name="Positions">By room.</param>
/// <param name="StayAway">The close code with which it was told to stay away; null where it was not.</param>
internal sealed record LastEventId(IReadOnlyDictionary<string, RoomPosition> Positions, int? StayAway)
{
    /// <summary>Begins the item that tells a stay-away: no room's name can begin so.</summary>
    public const char StayAwayMark = '!';

    private static readonly SearchValues<char> EpochCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>Nothing is known: a first visit.</summary>
    public static readonly LastEventId None = new(new Dictionary<string, RoomPosition>(), null);

    /// <summary>Whether an epoch may stand in an id, where a line break would begin another field.</summary>
    public static bool IsEpoch(string epoch) => epoch.AsSpan().IndexOfAnyExcept(EpochCharacters) < 0;

    /// <returns>Null if it is none of ours.</returns>
    public static LastEventId? Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return None;
        var positions = new Dictionary<string, RoomPosition>(StringComparer.Ordinal);
        int? stayAway = null;
        foreach (var item in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (item.StartsWith(StayAwayMark) && int.TryParse(item.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var code))
            {
                stayAway = code;
                continue;
            }

            var parts = item.Split(';');
            if (parts.Length != 3 || !RoomName.IsValid(parts[0]) || !RoomPosition.TryParse(parts[1], parts[2], out var position) || !IsEpoch(position.Epoch))
                return null;
            positions[parts[0]] = position;
        }

        return new LastEventId(positions, stayAway);
    }

    /// <summary>The same rooms, each from where the client got to. Where the query named no rooms, the id's are the rooms.</summary>
    /// <param name="ownRoom">The user's; null for an anonymous client.</param>
    public List<RequestedRoom> Resume(IReadOnlyList<RequestedRoom> rooms, bool areNamed, string? ownRoom)
    {
        var resumed = rooms.Select(room => Positions.TryGetValue(room.Name, out var since) ? new RequestedRoom(room.Name, since, null) : room).ToList();
        if (!areNamed)
            resumed.AddRange(Positions.Where(position => position.Key != ownRoom).Select(position => new RequestedRoom(position.Key, position.Value, null)));
        return resumed;
    }

    /// <summary>Writes the item that makes every node answer 204 to whoever comes back with it.</summary>
    public static void WriteStayAway(IBufferWriter<byte> output, int code)
    {
        var span = output.GetSpan(12);
        span[0] = (byte)StayAwayMark;
        code.TryFormat(span[1..], out var written, provider: CultureInfo.InvariantCulture);
        output.Advance(1 + written);
    }
}
