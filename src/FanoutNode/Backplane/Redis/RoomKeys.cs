using System.Text;
using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>What a publish to one room names in Redis, ready to be sent.</summary>
internal sealed class RoomKeys
{
    public RoomKeys(RedisKeys keys, string room)
    {
        Room = room;
        Log = [Ready(keys.Meta(room)), Ready(keys.Stream(room))];
        Members = [Ready(keys.Members(room))];
        LogAndMembers = [.. Log, .. Members];
        var channel = Encoding.UTF8.GetBytes(keys.Channel(room));
        ChannelName = channel;
        Channel = RedisChannel.Literal(channel);
    }

    public string Room { get; }

    public RedisKey[] Log { get; }

    public RedisKey[] Members { get; }

    public RedisKey[] LogAndMembers { get; }

    /// <summary>The channel as a script's argument.</summary>
    public RedisValue ChannelName { get; }

    public RedisChannel Channel { get; }

    // As bytes: a string would be encoded with each command.
    private static RedisKey Ready(RedisKey key) => (byte[])key!;
}

/// <summary>The keys of the rooms that were published to last: most publishes go to a room that had one a moment ago.</summary>
/// <remarks>Thread-safe. Each name has one place, which it may have to share; whoever is not there makes its keys anew.</remarks>
internal sealed class RoomKeyCache(RedisKeys keys)
{
    // Some 600 bytes each.
    private const int Places = 2048;

    private readonly RoomKeys?[] _kept = new RoomKeys?[Places];

    public RoomKeys Of(string room)
    {
        ref var place = ref _kept[(uint)room.GetHashCode(StringComparison.Ordinal) % Places];
        var kept = Volatile.Read(ref place);
        if (kept is not null && kept.Room == room)
            return kept;
        kept = new RoomKeys(keys, room);
        Volatile.Write(ref place, kept);
        return kept;
    }
}
