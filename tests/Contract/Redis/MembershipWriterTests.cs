using Fanout.Node.Backplane;
using Fanout.Tests.Contract.Backplanes;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Contract.Redis;

/// <summary>What the writer of members does with changes that Redis refuses, and what its comparison with Redis leaves alone.</summary>
public sealed class MembershipWriterTests : IAsyncLifetime
{
    private RedisRig _rig = null!;
    private TestNode _node = null!;

    public async ValueTask InitializeAsync()
    {
        _rig = await RedisRig.StartAsync();
        // A node whose lease lapses takes a new incarnation, and writes all members again.
        _rig.Lease.Expire = TimeSpan.FromMinutes(1);
        _node = await _rig.StartNodeAsync("first");
    }

    public async ValueTask DisposeAsync() => await _rig.DisposeAsync();

    // A key of another type in the place of a room's members: whatever is written there is refused, again and again.
    [Fact]
    public async Task Room_ThatRefusesEverything_HoldsNobodyElseBack()
    {
        await _rig.Scope.Database.StringSetAsync(_rig.Scope.RoomKey("broken", "members"), "no set");

        var joins = Enumerable.Range(0, 20)
            .Select(i => (Broken: _node.Members.AddAsync("broken", Client($"c{i}")).AsTask(), Whole: _node.Members.AddAsync($"room-{i}", Client($"c{i}")).AsTask()))
            .ToList();

        foreach (var (broken, whole) in joins)
        {
            Assert.Equal(1, await whole.WithDeadline("a join of a room that works"));
            await Assert.ThrowsAsync<BackplaneUnavailableException>(() => broken.WithDeadline("a join of the broken room"));
        }

        // Also later, while what was refused is tried again.
        await _node.Members.RemoveAsync("room-0", Client("c0")).AsTask().WithDeadline("a leave");
        Assert.Equal(0, await _node.Members.CountAsync("room-0"));
    }

    // The join was refused, and is taken back: once Redis takes it, nothing of it is left.
    [Fact]
    public async Task Refused_IsTriedAgain_UntilItIsDone()
    {
        await _node.Members.AddAsync("room", Client("a"));
        var key = _rig.Scope.RoomKey("room", "members");
        var members = await _rig.Scope.Database.SetMembersAsync(key);
        await _rig.Scope.Database.StringSetAsync(key, "no set");
        await _node.Members.RemoveAsync("room", Client("a")).AsTask().WithDeadline("the leave");

        await _rig.Scope.Database.SetAddAsync("spare", members);
        await _rig.Scope.Database.KeyRenameAsync("spare", key);

        await Eventually.TrueAsync(async () => await _node.Members.CountAsync("room") == 0, "the leave to reach Redis");
    }

    // A newer wish beats the one that waits to be tried again.
    [Fact]
    public async Task Refused_DoesNotOverrideWhatIsWantedLater()
    {
        await RefuseAsync("room");
        await RefuseAsync("sign", staysBroken: true);
        Assert.Equal(1, await _node.Members.AddAsync("room", Client("a")).AsTask().WithDeadline("the join"));

        // When the other join has been taken back, everything that waited has been tried again.
        var sign = _rig.Scope.RoomKey("sign", "members");
        await _rig.Scope.Database.SetAddAsync("spare", $"{_node.Backplane.NodeId}/a");
        await _rig.Scope.Database.KeyRenameAsync("spare", sign);
        await Eventually.TrueAsync(async () => await _node.Members.CountAsync("sign") == 0, "the other join to be taken back");
        Assert.Equal(1, await _node.Members.CountAsync("room"));
    }

    // A join that is refused once.
    private async Task RefuseAsync(string room, bool staysBroken = false)
    {
        var key = _rig.Scope.RoomKey(room, "members");
        await _rig.Scope.Database.StringSetAsync(key, "no set");
        await Assert.ThrowsAsync<BackplaneUnavailableException>(() => _node.Members.AddAsync(room, Client("a")).AsTask().WithDeadline("the refused join"));
        if (!staysBroken)
            await _rig.Scope.Database.KeyDeleteAsync(key);
    }

    private static ClientIdentity Client(string id) => new(id, "ann", null, FakeStatus.Started);
}
