using System.Globalization;
using Fanout.Bench.Load.Measuring;

namespace Fanout.Bench.Load.Servers;

/// <summary>A server that runs, with all its nodes and its Redis.</summary>
internal sealed class RunningServer : IDisposable
{
    private readonly List<ServerProcess> _nodes = [];
    private ServerProcess? _redis;

    private RunningServer(ServerKind kind) => Kind = kind;

    public ServerKind Kind { get; }

    public List<int> Ports { get; } = [];

    /// <summary>Of its Redis; 0 where it has none.</summary>
    public int RedisPort { get; private set; }

    public double CpuSeconds => ProcessUsage.CpuSeconds(_nodes.Select(node => node.Id));

    public double RedisCpuSeconds => _redis is null ? 0 : ProcessUsage.CpuSeconds([_redis.Id]);

    public long ResidentBytes => ProcessUsage.ResidentBytes(_nodes.Select(node => node.Id));

    public long RedisResidentBytes => _redis is null ? 0 : ProcessUsage.ResidentBytes([_redis.Id]);

    public static RunningServer Start(ServerKind kind, string root, string repository)
    {
        var server = new RunningServer(kind);
        try
        {
            server.Start(root, repository);
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var node in _nodes)
            node.Dispose();
        _redis?.Dispose();
    }

    private void Start(string root, string repository)
    {
        var logs = Directory.CreateDirectory(Path.Combine(root, "logs")).FullName;
        var redisPort = Servers.Ports.Free();
        if (Kind.NeedsRedis)
        {
            RedisPort = redisPort;
            var log = Path.Combine(logs, $"{Kind.Name}-redis.log");
            _redis = ServerProcess.Start(
                log,
                "redis-server",
                ["--port", redisPort.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]);
            Servers.Ports.WaitFor(redisPort, _redis, "redis-server", log);
        }

        for (var node = 0; node < Kind.Nodes; node++)
        {
            var port = Servers.Ports.Free();
            var work = Directory.CreateTempSubdirectory("fanout-bench-").FullName;
            // nginx's workers are another user.
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(work, (UnixFileMode)0x1FF);
            var log = Path.Combine(logs, $"{Kind.Name}-{node}.log");
            _nodes.Add(Kind.Start(new StartContext(root, repository, work, log, port, redisPort, node)));
            Servers.Ports.WaitFor(port, _nodes[^1], Kind.Name, log);
            Ports.Add(port);
        }

        // A backplane's connections come after the listener.
        Thread.Sleep(Kind.NeedsRedis ? 1000 : 200);
    }
}
