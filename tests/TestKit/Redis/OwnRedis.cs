using System.Diagnostics;
using System.Globalization;
using Fanout.Tests.TestKit.Processes;
using StackExchange.Redis;

namespace Fanout.Tests.TestKit.Redis;

/// <summary>
/// A redis-server that belongs to one test, which may stop, kill, pause and restart it. Its port stays the same for its whole life.
/// </summary>
public sealed partial class OwnRedis : IAsyncDisposable
{
    private readonly string _binary;
    private readonly OwnRedisOptions _options;
    private readonly string _folder = Directory.CreateTempSubdirectory("fanout-redis-").FullName;
    private ChildProcess? _process;

    private OwnRedis(string binary, OwnRedisOptions options) => (_binary, _options) = (binary, options);

    public int Port { get; private set; }

    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>The last lines that this start of the server wrote.</summary>
    public string Logs => _process?.Log.Tail() ?? "(not started)";

    public static async Task<OwnRedis> StartAsync(OwnRedisOptions? options = null)
    {
        var binary = RedisServerBinary.Find() ?? throw new InvalidOperationException($"No redis-server: {RedisServerBinary.HowToInstall}");
        var redis = new OwnRedis(binary, options ?? new OwnRedisOptions());
        try
        {
            await redis.StartOnFreePortAsync();
            return redis;
        }
        catch
        {
            await redis.DisposeAsync();
            throw;
        }
    }

    /// <summary>A connection for looking and meddling from outside; it survives restarts. The caller disposes of it.</summary>
    public Task<ConnectionMultiplexer> ConnectAsync() => RedisConnections.OpenAsync(ConnectionString);

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
            await process.DisposeAsync();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    private async Task StartOnFreePortAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            Port = LastingPort.Any();
            if (await TryStartAsync())
                return;
            if (attempt == 20 || !Logs.Contains("in use", StringComparison.OrdinalIgnoreCase))
                throw Failed();
        }
    }

    private async Task<bool> TryStartAsync()
    {
        if (_process is { } previous)
            await previous.DisposeAsync();
        var process = _process = ChildProcess.Start(new ProcessStartInfo(_binary, Arguments()));
        var ready = process.Log.LineAsync(line => line.Contains("Ready to accept connections", StringComparison.Ordinal));
        await Task.WhenAny(ready, process.ExitAsync()).WithDeadline("redis-server to be ready", context: () => Logs);
        return ready.IsCompleted;
    }

    private IEnumerable<string> Arguments() =>
    [
        "--port", Port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", _folder, "--daemonize", "no",
        "--save", "", "--appendonly", _options.AppendOnly ? "yes" : "no", .. _options.Arguments,
    ];

    private InvalidOperationException Failed() => new($"redis-server did not start:{Environment.NewLine}{Logs}");
}
