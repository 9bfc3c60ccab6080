using Fanout.Node.Backplane;
using Fanout.Tests.Contract.Backplanes;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Contract.Redis;

/// <summary>The steady comparison of what Redis has of a node with what it should have.</summary>
public sealed class AuditTests : IAsyncLifetime
{
    private const string Presence = Policies.PresencePrefix + "room";
    private static readonly HealthOptions Often = new() { ProbeInterval = TimeSpan.FromMilliseconds(200), AuditInterval = TimeSpan.FromMilliseconds(50) };
    private RedisRig _rig = null!;
    private TestNode _node = null!;

    public async ValueTask InitializeAsync()
    {
        _rig = await RedisRig.StartAsync();
        _node = await _rig.StartNodeAsync("first", health: Often);
    }

    public async ValueTask DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task MembersThatAreMissingOrTooMany_ArePutRight_InManyRooms_BesideJoins()
    {
        var rooms = Enumerable.Range(0, 100).Select(i => $"room-{i}").ToList();
        foreach (var room in rooms)
            await _node.Members.AddAsync(room, Client("a"));
        foreach (var room in rooms)
        {
            var key = _rig.Scope.RoomKey(room, "members");
            await _rig.Scope.Database.KeyDeleteAsync(key);
            await _rig.Scope.Database.SetAddAsync(key, $"{_node.Backplane.NodeId}/ghost");
        }

        await Eventually.TrueAsync(
            async () =>
            {
                await _node.Members.AddAsync("meanwhile", Client("b"));
                var lists = await Task.WhenAll(rooms.Select(room => _node.Members.ListAsync(room, null, 10).AsTask()));
                return Array.TrueForAll(lists, list => list.Items.Select(member => member.ClientId).SequenceEqual(["a"]));
            },
            "every room to be as it should");
    }

    // Its connection was lost, and another one of its user took its place: the one that was lost must not come back.
    [Fact]
    public async Task MemberWhosePlaceWasTaken_IsNotResurrected()
    {
        var second = await _rig.StartNodeAsync("second");
        await _node.Members.AddAsync(Presence, Client("lost"));
        await _node.Members.BeginLeavingAsync(Presence, Client("lost"));
        await second.Members.AddAsync(Presence, Client("back"));

        // Each round puts this one right, and with it looks at all rooms twice.
        await _node.Members.AddAsync("sign", Client("sign"));
        for (var round = 0; round < 2; round++)
        {
            await _rig.Scope.Database.KeyDeleteAsync(_rig.Scope.RoomKey("sign", "members"));
            await Eventually.TrueAsync(async () => await _node.Members.CountAsync("sign") == 1, "a comparison");
        }

        Assert.Equal(["back"], (await second.Members.ListAsync(Presence, null, 10)).Items.Select(member => member.ClientId));
    }

    private static ClientIdentity Client(string id) => new(id, "ann", null, FakeStatus.Started);
}
