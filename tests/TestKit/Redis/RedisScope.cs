using StackExchange.Redis;

namespace Fanout.Tests.TestKit.Redis;

/// <summary>One test's share of a Redis that others use too: a key prefix of its own, and a connection for looking from outside.</summary>
public sealed class RedisScope : IAsyncDisposable
{
    private readonly bool _cleanUp;

    private RedisScope(string connectionString, ConnectionMultiplexer connection, bool cleanUp)
    {
        (ConnectionString, Connection, _cleanUp) = (connectionString, connection, cleanUp);
        Prefix = $"t{Guid.NewGuid().ToString("N")[..12]}:";
    }

    public string ConnectionString { get; }

    /// <summary>For Fanout:Redis:Prefix; ends with a colon.</summary>
    public string Prefix { get; }

    public ConnectionMultiplexer Connection { get; }

    public IDatabase Database => Connection.GetDatabase();

    public IServer Server => Connection.GetServers()[0];

    /// <param name="cleanUp">Deletes the scope's keys at the end. Off is faster, and right for a Redis that dies with the tests.</param>
    public static async Task<RedisScope> CreateAsync(string connectionString, bool cleanUp = true) =>
        new(connectionString, await RedisConnections.OpenAsync(connectionString), cleanUp);

    /// <summary>A key of a room, for example <c>RoomKey("chat", "members")</c>; the braces are part of the name.</summary>
    public string RoomKey(string room, string kind) => $"{Prefix}{{{room}}}:{kind}";

    public string Key(string name) => Prefix + name;

    /// <summary>Every key of this scope, sorted.</summary>
    public async Task<IReadOnlyList<string>> KeysAsync()
    {
        var keys = new List<string>();
        foreach (var server in Connection.GetServers().Where(server => !server.IsReplica))
        {
            await foreach (var key in server.KeysAsync(pattern: Prefix + "*"))
                keys.Add(key.ToString());
        }

        keys.Sort(StringComparer.Ordinal);
        return keys;
    }

    public async ValueTask DisposeAsync()
    {
        // A test may have left its Redis dead; then there is nothing to clean.
        if (_cleanUp && Connection.IsConnected)
        {
            foreach (var key in await KeysAsync().WithDeadline("the scope's keys"))
                await Database.KeyDeleteAsync(key).WithDeadline($"the deletion of {key}");
        }

        await Connection.DisposeAsync();
    }
}
