using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Redis;
using StackExchange.Redis;
using Xunit;

namespace Fanout.Tests.Unit.TestKit;

public sealed class OwnRedisTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, true)]
    [InlineData(true, true, false)]
    public async Task Restart_KeepsWhatWasOnDisk_OnTheSamePort(bool appendOnly, bool wipe, bool expectKey)
    {
        await using var redis = await OwnRedis.StartAsync(new() { AppendOnly = appendOnly });
        await using var connection = await redis.ConnectAsync();
        var before = (redis.ConnectionString, await RunIdAsync(connection));
        await connection.GetDatabase().StringSetAsync("key", "value");

        await redis.RestartAsync(wipe, kill: appendOnly);

        await Eventually.ValueAsync(() => connection.GetDatabase().PingAsync(), _ => true, "a pong of the restarted server");
        Assert.Equal(expectKey, await connection.GetDatabase().KeyExistsAsync("key"));
        Assert.Equal(before.ConnectionString, redis.ConnectionString);
        Assert.NotEqual(before.Item2, await RunIdAsync(connection));
    }

    [Fact]
    public async Task Restart_AfterASnapshot_GoesBackToIt()
    {
        await using var redis = await OwnRedis.StartAsync();
        await using var connection = await redis.ConnectAsync();
        await connection.GetDatabase().StringSetAsync("count", 1);
        await redis.SaveAsync();
        await connection.GetDatabase().StringSetAsync("count", 2);

        await redis.RestartAsync(kill: true);

        Assert.Equal(1, (int)await Eventually.ValueAsync(
            () => connection.GetDatabase().StringGetAsync("count"), value => !value.IsNull, "the count"));
    }

    [Fact]
    public async Task Pause_LeavesCommandsUnanswered_UntilResume()
    {
        await using var redis = await OwnRedis.StartAsync();
        await using var connection = await redis.ConnectAsync();

        redis.Pause();
        var ping = connection.GetDatabase().PingAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => ping.WithDeadline("a pong", Short));
        redis.Resume();

        await ping.WithDeadline("a pong");
    }

    [Fact]
    public async Task Arguments_ReachTheServer()
    {
        await using var redis = await OwnRedis.StartAsync(new() { Arguments = ["--maxmemory", "3mb"] });
        await using var connection = await redis.ConnectAsync();

        var setting = await connection.GetServers()[0].ConfigGetAsync("maxmemory");

        Assert.Equal("3145728", Assert.Single(setting).Value);
    }

    [Fact]
    public async Task KillClients_OfOneType_LeavesTheOthers()
    {
        await using var redis = await OwnRedis.StartAsync();
        await using var victim = await redis.ConnectAsync();
        await using var connection = await redis.ConnectAsync();
        await victim.GetSubscriber().SubscribeAsync(RedisChannel.Literal("room"), (_, _) => { });
        var failed = new TaskCompletionSource<ConnectionType>();
        victim.ConnectionFailed += (_, failure) => failed.TrySetResult(failure.ConnectionType);

        Assert.True(await connection.KillClientsAsync("pubsub") >= 1);

        Assert.Equal(ConnectionType.Subscription, await failed.Task.WithDeadline("the end of the subscription"));
    }

    [Fact]
    public async Task Scope_SeesItsOwnKeys_AndDeletesThem()
    {
        await using var redis = await OwnRedis.StartAsync();
        await using var connection = await redis.ConnectAsync();
        var scope = await RedisScope.CreateAsync(redis.ConnectionString);
        await connection.GetDatabase().StringSetAsync("other", 1);
        await scope.Database.SetAddAsync(scope.RoomKey("chat", "members"), "n/c");

        Assert.Equal([$"{scope.Prefix}{{chat}}:members"], await scope.KeysAsync());
        await scope.DisposeAsync();

        Assert.Equal("other", (string?)await connection.GetDatabase().KeyRandomAsync());
        Assert.Equal(1, await connection.GetServers()[0].DatabaseSizeAsync());
    }

    private static async Task<string?> RunIdAsync(ConnectionMultiplexer connection) =>
        (await connection.GetServers()[0].InfoAsync("server")).SelectMany(section => section).First(line => line.Key == "run_id").Value;
}
