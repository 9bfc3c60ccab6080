using System.Text;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Contract.Backplanes;

public abstract partial class BackplaneContract
{
    [Fact]
    public async Task Order_ReachesEveryNode_ItsSenderToo()
    {
        var order = $"order {NewRoom()}";

        Assert.Equal(2, await _first.Backplane.Control.SendAsync(Encoding.UTF8.GetBytes(order)));

        foreach (var node in new[] { _first, _second })
            await Eventually.TrueAsync(() => Task.FromResult(node.Heard.Orders.Contains(order)), $"the order at {node.Backplane.NodeName}");
    }

    [Fact]
    public async Task Revocation_IsSeenByAllNodes_UntilItIsLifted()
    {
        var user = NewRoom("user");
        await _first.Backplane.Revocations.AddAsync(user, TimeSpan.FromMinutes(10));
        await _second.Backplane.Revocations.AddAsync(user + "-2", TimeSpan.FromMinutes(5));

        var all = (await _second.Backplane.Revocations.ListAsync()).ToDictionary(revocation => revocation.User, revocation => revocation.Remaining);
        Assert.InRange(all[user], TimeSpan.FromMinutes(8), TimeSpan.FromMinutes(10));
        Assert.InRange(all[user + "-2"], TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(5));

        await _second.Backplane.Revocations.LiftAsync(user);
        Assert.DoesNotContain(await _first.Backplane.Revocations.ListAsync(), revocation => revocation.User == user);
        Assert.Contains(await _first.Backplane.Revocations.ListAsync(), revocation => revocation.User == user + "-2");
    }

    [Fact]
    public async Task Revocation_ThatIsRepeated_EndsWithTheLaterOfBoth()
    {
        var user = NewRoom("user");
        await _first.Backplane.Revocations.AddAsync(user, TimeSpan.FromMinutes(10));
        await _first.Backplane.Revocations.AddAsync(user, TimeSpan.FromMinutes(1));

        Assert.True(Assert.Single(await _first.Backplane.Revocations.ListAsync(), revocation => revocation.User == user).Remaining > TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task Revocation_EndsByItself()
    {
        var user = NewRoom("user");
        await _first.Backplane.Revocations.AddAsync(user, TimeSpan.FromMilliseconds(50));

        await Eventually.ValueAsync(
            async () => await _second.Backplane.Revocations.ListAsync(), all => all.All(revocation => revocation.User != user), "the revocation to end");
    }
}
