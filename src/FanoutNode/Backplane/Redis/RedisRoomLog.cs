using System.Globalization;
using Fanout.Node.Rooms;
using Fanout.Shared.Rooms;
using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>Rooms' kept messages in Redis streams.</summary>
internal sealed class RedisRoomLog(RedisLink link, RedisKeys keys) : IRoomLog
{
    private static readonly RedisScript ReadScript = RedisScript.Named("room_read");
    private static readonly RedisScript RewindScript = RedisScript.Named("room_rewind");

    public async ValueTask<LogPage> ReadAsync(string room, RoomPolicy policy, long from, int count)
    {
        try
        {
            var reply = (RedisResult[])(await ReadScript.RunAsync(
                link.Database,
                [keys.Meta(room), keys.Stream(room)],
                keys.Channel(room),
                (long)policy.MetaTtl.TotalMilliseconds,
                Epochs.New(),
                link.ServerIdentity,
                from,
                count,
                (long)policy.PositionTtl(0).TotalMilliseconds,
                IRoomLog.MaxPageBytes))!;
            var entries = new LogEntry[reply.Length - 2];
            for (var i = 0; i < entries.Length; i++)
                entries[i] = ReadEntry((RedisResult[])reply[i + 2]!);
            return new LogPage(new RoomPosition((string)reply[0]!, (long)reply[1]), entries);
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            link.Report(e);
            throw RedisFaults.Wrap(e);
        }
    }

    public async ValueTask<RoomPosition> RewindAsync(string room, RoomPolicy policy, string brokenEpoch)
    {
        try
        {
            var reply = (RedisResult[])(await RewindScript.RunAsync(
                link.Database,
                [keys.Meta(room), keys.Stream(room)],
                keys.Channel(room),
                (long)policy.MetaTtl.TotalMilliseconds,
                Epochs.New(),
                link.ServerIdentity,
                brokenEpoch))!;
            return new RoomPosition((string)reply[0]!, (long)reply[1]);
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            link.Report(e);
            throw RedisFaults.Wrap(e);
        }
    }

    // { "<offset>-0", { "d", data } }
    private static LogEntry ReadEntry(RedisResult[] entry)
    {
        var id = (string)entry[0]!;
        var offset = long.Parse(id.AsSpan(0, id.IndexOf('-', StringComparison.Ordinal)), NumberStyles.None, CultureInfo.InvariantCulture);
        var fields = (RedisResult[])entry[1]!;
        return new LogEntry(offset, (byte[])fields[1]!);
    }
}
