using System.Globalization;

namespace Fanout.Shared.Rooms;

/// <summary>A place in one life of a room's messages.</summary>
/// <param name="Epoch">Names the life; offsets of different epochs cannot be compared.</param>
/// <param name="Offset">The last message seen; 0 before the first.</param>
public readonly record struct RoomPosition(string Epoch, long Offset)
{
    private const int MaxEpochLength = 64;

    /// <summary>Reads the two parts as they stand in a query.</summary>
    public static bool TryParse(string epoch, string offset, out RoomPosition position)
    {
        position = default;
        if (epoch.Length is 0 or > MaxEpochLength
            || !long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;
        position = new RoomPosition(epoch, number);
        return true;
    }
}
