using StackExchange.Redis;

namespace Fanout.Tests.TestKit.Redis;

/// <summary>Connections for the tests' own look at Redis.</summary>
public static class RedisConnections
{
    /// <summary>
    /// Connects with admin commands allowed. It retries in the background for ever, so it survives a Redis that is restarted.
    /// </summary>
    public static async Task<ConnectionMultiplexer> OpenAsync(string connectionString)
    {
        var options = ConfigurationOptions.Parse(connectionString);
        options.AllowAdmin = true;
        options.AbortOnConnectFail = false;
        options.ClientName = "fanout-tests";
        // The default heartbeat and back-off need seconds to notice that a restarted Redis is back.
        options.HeartbeatInterval = TimeSpan.FromMilliseconds(100);
        options.ReconnectRetryPolicy = new LinearRetry(100);
        var connection = await ConnectionMultiplexer.ConnectAsync(options).WithDeadline($"a connection to Redis at {connectionString}");
        // Without AbortOnConnectFail the connect itself never fails; the tests want to know at once.
        await Eventually.TrueAsync(() => connection.IsConnected, $"a connection to Redis at {connectionString}");
        return connection;
    }

    /// <summary>CLIENT KILL of every connection of one type, this one excepted. Says how many went.</summary>
    /// <param name="type">normal, pubsub, replica or master.</param>
    public static async Task<long> KillClientsAsync(this IConnectionMultiplexer connection, string type)
    {
        var killed = 0L;
        foreach (var server in connection.GetServers().Where(server => server.IsConnected))
            killed += (long)await server.ExecuteAsync("CLIENT", "KILL", "TYPE", type, "SKIPME", "yes");
        return killed;
    }
}
