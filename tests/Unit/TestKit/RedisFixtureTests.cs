using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Unit.TestKit;

public sealed class RedisFixtureTests
{
    [Fact]
    public async Task Fixture_WhereverItGotItsRedis_GivesScopesThatAnswer()
    {
        await using var fixture = new RedisFixture();
        await fixture.InitializeAsync();
        await using var scope = await fixture.CreateScopeAsync();

        await scope.Database.StringSetAsync(scope.Key("probe"), 1);

        Assert.Equal([scope.Key("probe")], await scope.KeysAsync());
    }
}
