using System.Globalization;

namespace Fanout.Shared.Rooms;

/// <summary>A place in one life of a room's messages.</summary>
/// <param name="Epoch">Names the life; offsets of different epochs cannot be compared.</param>
/// <param name="Offset">The last message seen; 0 before the first.</param>
public readonly record struct RoomPosition(string Epoch, long Offset)
{
    private const int MaxEpochLength = 64;

    /// <summary>Largest offset that all clients can count to: 2^53 - 1, the largest whole number that JavaScript holds exactly.</summary>
    public const long MaxOffset = 9_007_199_254_740_991;

    /// <summary>Reads the two parts as they stand in a query.</summary>
    public static bool TryParse(string epoch, string offset, out RoomPosition position)
    {
        position = default;
        if (epoch.Length is 0 or > MaxEpochLength
            || !long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number > MaxOffset)
            return false;
        position = new RoomPosition(epoch, number);
        return true;
    }
}
