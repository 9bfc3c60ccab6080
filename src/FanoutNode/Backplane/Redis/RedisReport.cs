using System.Globalization;
using Fanout.Node.Diagnostics;
using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>
/// Asks Redis at an interval how it is, for the <c>fanout.redis.*</c> metrics: its own words (INFO), and how far Redis is behind with this
/// node's subscription connection (CLIENT LIST). Every node reports the same Redis, so that one that cannot reach it hides nothing.
/// </summary>
internal sealed partial class RedisReport
{
    private readonly RedisLink _link;
    private readonly string _connectionName;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private volatile IReadOnlyDictionary<string, double> _levels = new Dictionary<string, double>();
    private Task _running = Task.CompletedTask;
    private bool _toldRefusal;

    /// <param name="connectionName">Of the subscription connection, in Redis's list of clients.</param>
    public RedisReport(RedisLink link, string connectionName, TimeSpan interval, TimeProvider time, FanoutMetrics metrics, ILogger logger)
    {
        (_link, _connectionName, _interval, _time, _logger) = (link, connectionName, interval, time, logger);
        if (interval <= TimeSpan.Zero)
            return;
        foreach (var (name, unit, field, text) in Gauges)
            metrics.ObserveRedis(name, unit, text, () => _levels.TryGetValue(field, out var level) ? level : null);
    }

    // Name, unit, Redis's name for it, in words. `omem` is of CLIENT LIST, all others of INFO.
    private static readonly (string Name, string Unit, string Field, string Text)[] Gauges =
    [
        ("memory.used", "By", "used_memory", "Memory that Redis uses."),
        ("memory.max", "By", "maxmemory", "Memory that Redis may use (maxmemory); 0: any amount."),
        ("memory.fragmentation", "1", "mem_fragmentation_ratio", "Resident memory of Redis over what it uses."),
        ("clients", "{client}", "connected_clients", "Connections to Redis, of everybody."),
        ("commands", "{command}/s", "instantaneous_ops_per_sec", "Commands that Redis ran in the last second."),
        ("keys.evicted", "{key}", "evicted_keys", "Keys that Redis evicted since its start: must stay 0."),
        ("channels", "{channel}", "pubsub_channels", "Channels with subscribers."),
        ("replicas", "{replica}", "connected_slaves", "Replicas that are connected."),
        ("uptime", "s", "uptime_in_seconds", "Time since Redis was started."),
        ("output.buffer", "By", "omem", "Bytes that Redis holds back for this node's subscription connection, because the node does not read them."),
    ];

    public void Start()
    {
        if (_interval > TimeSpan.Zero)
            _running = RunAsync(_stopping.Token);
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        await _link.Connected.WaitAsync(stopping);
        while (true)
        {
            try
            {
                // A Redis that hangs must not hold up the end of the node.
                _levels = await ReadAsync().WaitAsync(stopping);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                // No word is better than an old one. The state of the backplane is told by others.
                _levels = new Dictionary<string, double>();
                if (!RedisFaults.IsBackplaneFault(e))
                    LogFailed(_logger, e);
            }

            await Task.Delay(_interval, _time, stopping);
        }
    }

    private async Task<IReadOnlyDictionary<string, double>> ReadAsync()
    {
        if (_link.Primary is not { } server)
            return new Dictionary<string, double>();
        var levels = new Dictionary<string, double>();
        foreach (var (name, value) in (await server.InfoAsync()).SelectMany(section => section))
        {
            if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
                levels[name] = number;
        }

        if (await BufferAsync(server) is { } bytes)
            levels["omem"] = bytes;
        return levels;
    }

    private async Task<double?> BufferAsync(IServer server)
    {
        try
        {
            var name = $" name={_connectionName} ";
            var list = (string?)await server.ExecuteAsync("CLIENT", "LIST", "TYPE", "pubsub") ?? "";
            var line = list.Split('\n').FirstOrDefault(line => line.Contains(name, StringComparison.Ordinal));
            var field = line?.Split(' ').FirstOrDefault(field => field.StartsWith("omem=", StringComparison.Ordinal));
            return field is null ? null : double.Parse(field["omem=".Length..], CultureInfo.InvariantCulture);
        }
        catch (RedisServerException e)
        {
            // Forbidden, most likely. Told once: it will be so every time.
            if (!_toldRefusal)
                LogNoClients(_logger, e.Message);
            _toldRefusal = true;
            return null;
        }
    }

    [LoggerMessage(1831, LogLevel.Information, "Redis does not list its clients ({Reason}); fanout.redis.output.buffer is not measured", EventName = "RedisClientsHidden")]
    private static partial void LogNoClients(ILogger logger, string reason);

    [LoggerMessage(1832, LogLevel.Error, "Redis's report of itself could not be read; it is asked again", EventName = "RedisReportFailed")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
