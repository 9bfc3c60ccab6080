using Testcontainers.Redis;
using Xunit;

namespace Fanout.Tests.TestKit.Redis;

/// <summary>
/// A real Redis for a test assembly or collection, from the first of: FANOUT_TEST_REDIS, a container, redis-server on the PATH.
/// Tests share it, each in a <see cref="RedisScope"/>; a test that must break Redis takes an <see cref="OwnRedis"/>.
/// </summary>
public sealed class RedisFixture : IAsyncLifetime
{
    private RedisContainer? _container;
    private OwnRedis? _process;
    private string? _connectionString;

    public RedisSource Source { get; private set; }

    public string ConnectionString => _connectionString ?? throw new InvalidOperationException("The fixture is not initialized");

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("FANOUT_TEST_REDIS") is { Length: > 0 } given)
        {
            (Source, _connectionString) = (RedisSource.Environment, given);
        }
        else if ((_container = await ContainerRedis.TryStartAsync(Say)) is not null)
        {
            (Source, _connectionString) = (RedisSource.Container, _container.GetConnectionString());
        }
        else if (RedisServerBinary.Find() is not null)
        {
            _process = await OwnRedis.StartAsync();
            (Source, _connectionString) = (RedisSource.Process, _process.ConnectionString);
        }
        else
        {
            throw new InvalidOperationException(
                "The tests need a real Redis. Either set FANOUT_TEST_REDIS to a StackExchange.Redis connection string, or start a Docker "
                + $"engine that has or can pull the image, or {RedisServerBinary.HowToInstall}.");
        }

        Say($"Redis for the tests: {Source} ({_connectionString})");
    }

    /// <summary>A test's own prefix and connection. Keys are cleaned only where the Redis outlives the tests.</summary>
    public Task<RedisScope> CreateScopeAsync() => RedisScope.CreateAsync(ConnectionString, cleanUp: Source == RedisSource.Environment);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        if (_container is not null)
            await _container.DisposeAsync();
    }

    private static void Say(string line)
    {
        TestContext.Current.SendDiagnosticMessage(line);
        Console.Error.WriteLine(line);
    }
}
