using System.Globalization;
using Fanout.Tests.Contract.Backplanes;
using StackExchange.Redis;
using Xunit;

namespace Fanout.Tests.Contract.Redis;

/// <summary>Going through a very large room must not cost Redis a reading of all of it for each page, nor hold it with one command.</summary>
public sealed class LargeRoomTests : IAsyncLifetime
{
    private const string Room = "large";
    // Pages are cut from one reading for ten seconds; all of them must be asked for by then, on a busy machine too.
    private const int Members = 5_000;
    private const int Users = 1_250;
    private RedisRig _rig = null!;
    private TestNode _node = null!;

    public async ValueTask InitializeAsync()
    {
        _rig = await RedisRig.StartAsync();
        // The members are written behind the node's back: with a lease that lapses it would take a new incarnation and leave them behind.
        _rig.Lease.Expire = TimeSpan.FromMinutes(1);
        _node = await _rig.StartNodeAsync("node");
        await _rig.Scope.Database.SetAddAsync(
            _rig.Scope.RoomKey(Room, "members"), [.. Enumerable.Range(0, Members).Select(i => (RedisValue)$"{_node.Backplane.NodeId}/{Name(i)}")]);
        await _rig.Scope.Database.HashSetAsync(
            ClientsKey, [.. Enumerable.Range(0, Members).Select(i => new HashEntry(Name(i), $$"""{"t":{{i}},"u":"user-{{i % Users}}"}"""))]);
    }

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Pages_BehindTheFirst_ReadNoMembersAgain_AndLeaveOutWhoHasGone()
    {
        var before = await CallsAsync("sscan");
        var page = await _node.Members.ListAsync(Room, null, 1000);
        var names = page.Items.Select(member => member.ClientId).ToList();
        // Connections that end meanwhile, and one that comes.
        await _rig.Scope.Database.HashDeleteAsync(ClientsKey, [Name(1500), Name(Members - 1)]);
        await _rig.Scope.Database.SetAddAsync(_rig.Scope.RoomKey(Room, "members"), $"{_node.Backplane.NodeId}/{Name(Members)}");

        while (page.Next is { } after)
        {
            page = await _node.Members.ListAsync(Room, after, 1000);
            names.AddRange(page.Items.Select(member => member.ClientId));
            Assert.All(page.Items, member => Assert.StartsWith("user-", member.UserId, StringComparison.Ordinal));
        }

        Assert.Equal(Enumerable.Range(0, Members - 1).Where(i => i != 1500).Select(Name), names);
        // SSCAN gives some more or fewer than the thousand that it is asked for.
        Assert.InRange(await CallsAsync("sscan") - before, Members / 2000, Members / 500);
    }

    [Fact]
    public async Task Users_AreCountedInSteps()
    {
        var before = await CallsAsync("hmget");

        var counts = await _node.Members.CountUsersAsync(Room);

        Assert.Equal((Members, Users), (counts.Members, counts.Users));
        Assert.InRange(await CallsAsync("hmget") - before, Members / 1000, Members / 500);
    }

    private RedisKey ClientsKey => _rig.Scope.Key($"node:{_node.Backplane.NodeId}:clients");

    private static string Name(int number) => number.ToString("000000", CultureInfo.InvariantCulture);

    // cmdstat_sscan:calls=12,usec=...
    private async Task<long> CallsAsync(string command)
    {
        var text = (string)(await _rig.Scope.Database.ExecuteAsync("INFO", "commandstats"))!;
        var line = text.Split('\n').FirstOrDefault(line => line.StartsWith($"cmdstat_{command}:", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line.Split('=', ',')[1], CultureInfo.InvariantCulture);
    }
}
