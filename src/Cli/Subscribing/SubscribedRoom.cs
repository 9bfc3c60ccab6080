using System.Globalization;
using Fanout.Cli.Running;
using Fanout.Client;
using Fanout.Shared.Rooms;

namespace Fanout.Cli.Subscribing;

/// <summary>A room to listen to, and where to begin.</summary>
internal sealed record SubscribedRoom(string Name, int? Last, FanoutPosition? Since)
{
    private const int MostLast = 10_000;

    /// <summary>Reads <c>room</c> or <c>room;epoch;offset</c>, as in the query of <c>/ws</c>, and <c>--since</c>.</summary>
    public static SubscribedRoom Parse(string text, string? since, bool isOnlyOne)
    {
        var parts = text.Split(';');
        if (!RoomName.IsValid(parts[0]))
            throw CliException.Usage($"'{parts[0]}' is no room name.", "It has 1 to 128 of A-Z a-z 0-9 . _ : @ = -");
        switch (parts)
        {
            case [var name] when since is null:
                return new SubscribedRoom(name, null, null);
            case [var name] when since.StartsWith("last:", StringComparison.Ordinal):
                return int.TryParse(since.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var last) && last is >= 1 and <= MostLast
                    ? new SubscribedRoom(name, last, null)
                    : throw CliException.Usage($"--since last:n wants 1 to {MostLast} messages.");
            case [var name]:
                if (!isOnlyOne)
                    throw CliException.Usage("A position belongs to one room.", "With several rooms write it behind each: 'chat.42;epoch;offset'.");
                return new SubscribedRoom(name, null, Position(since.Split(';')));
            case [var name, var epoch, var offset]:
                return new SubscribedRoom(name, null, Position([epoch, offset]));
            default:
                throw CliException.Usage($"'{text}' is neither a room nor room;epoch;offset.");
        }
    }

    private static FanoutPosition Position(string[] parts) =>
        parts is [var epoch, var offset] && RoomPosition.TryParse(epoch, offset, out var position)
            ? new FanoutPosition(position.Epoch, position.Offset)
            : throw CliException.Usage("--since must be last:n, or epoch;offset as in a message.", "In a shell, quote it: --since '04b019c94f8fa74adf3c67604fe6c31f;17'.");
}
