using Fanout.Node.Auth;
using Xunit;

namespace Fanout.Tests.Unit.Auth;

public sealed class GrantsTests
{
    private static readonly Principal Ann = new("ann", new Grants(["chat.*"], ["chat.42"], ["chat.1"]), null, null);

    [Theory]
    [InlineData("chat.1", true, false, true)]
    [InlineData("chat.42", true, true, false)]
    [InlineData("news", false, false, false)]
    [InlineData("$user.ann", true, false, true)]
    [InlineData("$user.bob", false, false, false)]
    [InlineData("$all", false, false, false)]
    public void Principal_MayDoWhatItsPatternsSay_AndBeInItsOwnRoom(string room, bool join, bool publish, bool presence) =>
        Assert.Equal((join, publish, presence), (Ann.MayJoin(room), Ann.MayPublish(room), Ann.MaySeePresence(room)));

    [Theory]
    [InlineData("anything", true)]
    [InlineData("$user.ann", false)]
    [InlineData("$all", false)]
    public void Anonymous_MayDoEverything_ButInTheServicesOwnRooms(string room, bool allowed)
    {
        Assert.Null(Principal.Anonymous.OwnRoom);
        Assert.Equal(
            (allowed, allowed, allowed),
            (Principal.Anonymous.MayJoin(room), Principal.Anonymous.MayPublish(room), Principal.Anonymous.MaySeePresence(room)));
    }

    // Publishing to everybody is the API's alone, whatever a token grants.
    [Fact]
    public void NoGrant_ReachesAll() => Assert.False(new Principal("ann", new Grants([], ["$all", "$*", "*"], []), null, null).MayPublish("$all"));

    [Fact]
    public void None_AllowsNothing() => Assert.False(Grants.Allows(Grants.None.Join, "a") || Grants.Allows(Grants.None.Publish, "a"));
}
