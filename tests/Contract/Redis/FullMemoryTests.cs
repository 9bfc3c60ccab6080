using Fanout.Node.Backplane;
using Fanout.Node.Webhooks;
using Fanout.Tests.Contract.Backplanes;
using Fanout.Tests.TestKit;
using StackExchange.Redis;
using Xunit;

namespace Fanout.Tests.Contract.Redis;

/// <summary>Redis at its maxmemory, with noeviction: it refuses what could need memory. What keeps the fleet together goes on.</summary>
public sealed class FullMemoryTests : IAsyncLifetime
{
    private const string Room = "room";
    private RedisRig _rig = null!;

    public async ValueTask InitializeAsync()
    {
        _rig = await RedisRig.StartAsync();
        // Soon enough to be waited for, and not so soon that a busy machine kills one that lives.
        _rig.Lease.Expire = TimeSpan.FromSeconds(5);
    }

    public async ValueTask DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task Leases_AreRenewed_AndNobodyIsReaped()
    {
        var first = await _rig.StartNodeAsync("first");
        var second = await _rig.StartNodeAsync("second");
        await first.Members.AddAsync(Room, Client("a"));
        await second.Members.AddAsync(Room, Client("b"));
        await FillAsync();

        // Longer than a lease lasts, in Redis's own clock.
        foreach (var (node, before) in new[] { (first, await _rig.LeaseAsync(first)), (second, await _rig.LeaseAsync(second)) })
        {
            await Eventually.TrueAsync(
                async () => await _rig.LeaseAsync(node) > before + (_rig.Lease.Expire * 2).TotalMilliseconds, $"the lease of {node.Backplane.NodeName} to be renewed");
        }

        Assert.Equal(2, await first.Members.CountAsync(Room));
    }

    [Theory]
    [InlineData("room")]
    [InlineData("presence.room")]
    public async Task Members_CanLeave(string room)
    {
        var node = await _rig.StartNodeAsync("first");
        await node.Members.AddAsync(room, Client("a"));
        await FillAsync();

        await node.Members.RemoveAsync(room, Client("a")).AsTask().WithDeadline("the leave");

        Assert.Equal(0, await node.Members.CountAsync(room));
    }

    [Theory]
    [InlineData("room")]
    [InlineData("presence.room")]
    public async Task ADeadNode_IsReaped(string room)
    {
        var first = await _rig.StartNodeAsync("first");
        var second = await _rig.StartNodeAsync("second");
        await second.Members.AddAsync(room, Client("b"));
        await FillAsync();

        await _rig.KillAsync(second);

        await Eventually.TrueAsync(async () => await first.Members.CountAsync(room) == 0, "the dead node's member to be removed");
    }

    [Fact]
    public async Task AJoin_IsRefused()
    {
        var node = await _rig.StartNodeAsync("first");
        await FillAsync();

        await Assert.ThrowsAsync<BackplaneUnavailableException>(() => node.Members.AddAsync(Room, Client("a")).AsTask().WithDeadline("the join"));
    }

    // Rooms are left while Redis is full; what is told of that must not wait until it is not.
    [Theory]
    [InlineData("room", "room.vacated")]
    [InlineData("presence.room", "member.left")]
    public async Task Webhooks_AreToldWhatLeaves(string room, string type)
    {
        var plan = new WebhookPlan(
            [new WebhookOptions { Name = "all", Url = "http://x/", Secret = "0123456789abcdef", Events = [.. WebhookEvents.All] }], new WebhookQueueOptions { VacatedDelay = TimeSpan.Zero });
        var all = plan.Endpoints[0];
        var node = await _rig.StartNodeAsync("first", webhooks: plan);
        var queue = node.Backplane.Webhooks!;
        await queue.TakeAsync(all, 1);
        await node.Members.AddAsync(room, Client("a"));
        await ToldAsync("room.occupied");
        await FillAsync();

        await node.Members.RemoveAsync(room, Client("a")).AsTask().WithDeadline("the leave");

        await ToldAsync(type);

        async Task ToldAsync(string wanted)
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    await queue.CollectAsync();
                    return (await queue.TakeAsync(all, 100)).Events.Any(item => item.Type == wanted);
                },
                wanted);
            var turn = await queue.TakeAsync(all, 100);
            Assert.True(await queue.FinishAsync(all, turn, turn.Events.Count, [], ""));
        }
    }

    private static ClientIdentity Client(string id) => new(id, "ann", null, FakeStatus.Started);

    private async Task FillAsync()
    {
        await _rig.FillMemoryAsync();
        var refused = await Assert.ThrowsAsync<RedisServerException>(() => _rig.Scope.Database.StringSetAsync("more", "x"));
        Assert.StartsWith("OOM", refused.Message, StringComparison.Ordinal);
    }
}
