using System.Globalization;
using Fanout.Tests.Contract.Backplanes;
using StackExchange.Redis;
using Xunit;

namespace Fanout.Tests.Contract.Redis;

/// <summary>Going through very many rooms must not cost Redis a reading of all of them for each page.</summary>
public sealed class RoomListingTests
{
    // Pages are cut from one reading for ten seconds; all of them must be asked for by then, on a busy machine too.
    private const int Rooms = 5_000;

    [Fact]
    public async Task Pages_BehindTheFirst_ReadNoNamesAgain()
    {
        await using var rig = await RedisRig.StartAsync();
        // The names are written behind the node's back: with a lease that lapses it would take a new incarnation and leave them behind.
        rig.Lease.Expire = TimeSpan.FromMinutes(1);
        var node = await rig.StartNodeAsync("node");
        await FillAsync(rig, node, Rooms);
        var before = await CallsAsync(rig, "sscan");

        var names = new List<string>();
        string? after = null;
        do
        {
            var page = await node.Members.ListRoomsAsync("", after, 1000);
            names.AddRange(page.Items.Select(room => room.Room));
            after = page.Next;
        }
        while (after is not null);

        Assert.Equal(Enumerable.Range(0, Rooms).Select(Name), names);
        // SSCAN gives some more or fewer than the thousand that it is asked for.
        Assert.InRange(await CallsAsync(rig, "sscan") - before, Rooms / 2000, Rooms / 500);
        Assert.Equal(0, await CallsAsync(rig, "keys"));
    }

    // Many at the same moment share readings: one that is under way may have missed what they ask for, the next one has not.
    [Fact]
    public async Task FirstPages_AskedForAtOnce_ShareReadings()
    {
        await using var rig = await RedisRig.StartAsync();
        // The names are written behind the node's back: with a lease that lapses it would take a new incarnation and leave them behind.
        rig.Lease.Expire = TimeSpan.FromMinutes(1);
        var node = await rig.StartNodeAsync("node");
        await FillAsync(rig, node, Rooms);
        var before = await CallsAsync(rig, "sscan");

        var pages = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => node.Members.ListRoomsAsync("", null, 10).AsTask()));

        Assert.All(pages, page => Assert.Equal(10, page.Items.Count));
        Assert.InRange(await CallsAsync(rig, "sscan") - before, 1, 3 * Rooms / 500);
    }

    private static string Name(int number) => number.ToString("000000", CultureInfo.InvariantCulture);

    private static async Task FillAsync(RedisRig rig, TestNode node, int count)
    {
        await rig.Scope.Database.SetAddAsync(
            rig.Scope.Key($"node:{node.Backplane.NodeId}:rooms"), [.. Enumerable.Range(0, count).Select(i => (RedisValue)Name(i))]);
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => rig.Scope.Database.SetAddAsync(rig.Scope.RoomKey(Name(i), "members"), $"{node.Backplane.NodeId}/a")));
    }

    // cmdstat_sscan:calls=12,usec=...
    private static async Task<long> CallsAsync(RedisRig rig, string command)
    {
        var text = (string)(await rig.Scope.Database.ExecuteAsync("INFO", "commandstats"))!;
        var line = text.Split('\n').FirstOrDefault(line => line.StartsWith($"cmdstat_{command}:", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line.Split('=', ',')[1], CultureInfo.InvariantCulture);
    }
}
