using Fanout.Node.Backplane;
using Fanout.Tests.Contract.Backplanes;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Contract.Redis;

/// <summary>Reaping where Redis refuses a part of it.</summary>
public sealed class NodeReaperTests
{
    [Fact]
    public async Task RoomThatCannotBeRead_DoesNotKeepTheOthersOfADeadNode()
    {
        await using var rig = await RedisRig.StartAsync();
        // Soon enough to be waited for, and not so soon that a busy machine kills the one that lives.
        rig.Lease.Expire = TimeSpan.FromSeconds(5);
        var first = await rig.StartNodeAsync("first");
        var second = await rig.StartNodeAsync("second");
        var client = new ClientIdentity("a", "ann", null, FakeStatus.Started);
        foreach (var room in new[] { "broken", "room-1", "room-2" })
            await second.Members.AddAsync(room, client);
        await rig.Scope.Database.KeyDeleteAsync(rig.Scope.RoomKey("broken", "members"));
        await rig.Scope.Database.StringSetAsync(rig.Scope.RoomKey("broken", "members"), "no set");

        await rig.KillAsync(second);

        await Eventually.TrueAsync(async () => await rig.LeaseAsync(second) is null, "the dead node's lease to go");
        Assert.Equal(0, await first.Members.CountAsync("room-1"));
        Assert.Equal(0, await first.Members.CountAsync("room-2"));
    }
}
