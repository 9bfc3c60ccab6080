using Fanout.Node.Auth;
using Xunit;

namespace Fanout.Tests.Unit.Auth;

public sealed class PrincipalTests
{
    // Whatever a token's patterns say.
    [Theory]
    [InlineData("*")]
    [InlineData("$*")]
    [InlineData("$ops")]
    [InlineData("$ops*")]
    [InlineData("$ops.events")]
    public void Grants_NeverOpenTheOperatorsRooms(string pattern)
    {
        var user = new Principal("ann", new Grants([pattern], [pattern], [pattern]), null, null);

        foreach (var room in (string[])["$ops", "$ops.events", "$ops.anything"])
        {
            Assert.False(user.MayJoin(room));
            Assert.False(user.MayPublish(room));
            Assert.False(user.MaySeePresence(room));
        }
    }
}
