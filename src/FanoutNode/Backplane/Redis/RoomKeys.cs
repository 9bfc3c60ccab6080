using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>What a publish to one room names in Redis, ready to be sent.</summary>
internal sealed class RoomKeys(RedisKeys keys, string room)
{
    public string Room { get; } = room;

    public RedisKey[] Log { get; } = [Ready(keys.Meta(room)), Ready(keys.Stream(room))];

    public RedisKey[] LogAndMembers { get; } = [Ready(keys.Meta(room)), Ready(keys.Stream(room)), Ready(keys.Members(room))];

    public RedisKey[] Members { get; } = [Ready(keys.Members(room))];

    /// <summary>The channel as a script's argument.</summary>
    public RedisValue ChannelName { get; } = System.Text.Encoding.UTF8.GetBytes(keys.Channel(room));

    public RedisChannel Channel { get; } = RedisChannel.Literal(keys.Channel(room));

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
