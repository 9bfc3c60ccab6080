using System.Diagnostics;
using System.Net;
using Fanout.Cli.Doctor;
using Fanout.Cli.Running;
using StackExchange.Redis;

namespace Fanout.Cli.Redis;

/// <summary>Checks a Redis for what Fanout needs of it (docs/operations.md, "Redis"). It reads, but for one stream that goes by itself.</summary>
internal sealed class RedisDoctor(Run run, Findings findings, string connectionString, string prefix)
{
    public const string Area = "redis";

    private const int Pings = 40;

    private static readonly TimeSpan SlowPing = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan SlowestPing = TimeSpan.FromMilliseconds(100);

    /// <summary>1 connect -> 2 which server is it -> 3 its settings -> 4 does it do what scripts need -> 5 how fast, and whose clock.</summary>
    public async Task CheckAsync()
    {
        ConfigurationOptions options;
        try
        {
            options = ConfigurationOptions.Parse(connectionString);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            // Its message may repeat the string, which may hold a password.
            findings.Begin(Area, "");
            findings.Fail(Area, "connect", "the connection string is malformed", "Write it like redis:6379,password=...,ssl=true (StackExchange.Redis).");
            return;
        }

        findings.Begin(Area, string.Join(", ", options.EndPoints.Select(Name)));
        // 1
        var timeout = (int)Math.Min(run.Settings.AnswerTimeout.TotalMilliseconds, 60_000);
        options.AbortOnConnectFail = true;
        options.AllowAdmin = true;
        options.ClientName = "fanout-doctor";
        options.ConnectTimeout = options.AsyncTimeout = options.SyncTimeout = timeout;
        options.ConnectRetry = 1;
        if (options.EndPoints.Count == 0)
        {
            findings.Fail(Area, "connect", "the connection string names no server", "Write it like redis:6379,password=...,ssl=true.");
            return;
        }

        if (await RedisReach.FindFaultAsync(options.EndPoints, run.Settings.AnswerTimeout, run.Stopped) is { } fault)
        {
            findings.Fail(Area, "connect", fault.What, fault.Advice);
            return;
        }

        ConnectionMultiplexer connection;
        var began = Stopwatch.GetTimestamp();
        try
        {
            connection = await ConnectionMultiplexer.ConnectAsync(options).WaitAsync(run.Stopped);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            var (what, advice) = RedisFaultText.OfConnect(e);
            findings.Fail(Area, "connect", what, advice);
            return;
        }

        await using (connection)
        {
            findings.Ok(Area, "connect", $"connected in {Durations.ToText(Stopwatch.GetElapsedTime(began))}{(options.Ssl ? ", by TLS" : "")}");
            try
            {
                await ExamineAsync(connection);
            }
            catch (Exception e) when (e is RedisException or TimeoutException)
            {
                findings.Fail(Area, "connect", "the connection was lost while it was looked at: " + RedisFaultText.Short(e), "Is that Redis restarting, or overloaded?");
            }
        }
    }

    private async Task ExamineAsync(ConnectionMultiplexer connection)
    {
        var server = connection.GetServers().FirstOrDefault(candidate => candidate.IsConnected && !candidate.IsReplica) ?? connection.GetServers()[0];
        // 2
        RedisInfo info;
        try
        {
            info = new RedisInfo(await server.InfoRawAsync() ?? "");
        }
        catch (RedisServerException e)
        {
            findings.Fail(Area, "info", RedisFaultText.Short(e), "A node reads INFO at each connect, to see whether Redis was restarted: allow it.");
            return;
        }

        var checks = new ServerChecks(findings, info);
        if (!checks.Kind())
            return;
        // 3
        checks.Memory();
        checks.Persistence();
        checks.Replicas();
        await new ConfigChecks(findings, server).CheckAsync();
        // 4
        await new ScriptCheck(findings, connection, prefix, run.Settings.AnswerTimeout).CheckAsync();
        // 5
        await CheckLatencyAsync(connection.GetDatabase());
        await CheckClockAsync(server);
    }

    private async Task CheckLatencyAsync(IDatabase database)
    {
        var times = new List<TimeSpan>();
        for (var i = 0; i < Pings; i++)
            times.Add(await database.PingAsync().WaitAsync(run.Stopped));
        times.Sort();
        var (median, worst) = (times[Pings / 2], times[^1]);
        var text = $"{Milliseconds(median)} in the middle, {Milliseconds(worst)} at worst, of {Pings} pings";
        if (median > SlowPing)
            findings.Warn(Area, "latency", text, "Every publish waits for it. Bring nodes and Redis together, or look for slow commands: redis-cli latency doctor");
        else if (worst > SlowestPing)
            findings.Warn(Area, "latency", text, "Something stops Redis at times: redis-cli latency doctor, slowlog get.");
        else
            findings.Ok(Area, "latency", text);
    }

    private async Task CheckClockAsync(IServer server)
    {
        var before = run.Time.GetUtcNow();
        var time = new DateTimeOffset(await server.TimeAsync(), TimeSpan.Zero);
        var here = before + ((run.Time.GetUtcNow() - before) / 2);
        var skew = (time - here).Duration();
        if (skew < TimeSpan.FromSeconds(1))
            findings.Ok(Area, "clock", $"within {Milliseconds(skew)} of this machine's");
        else
            findings.Warn(Area, "clock", $"{Durations.ToText(skew)} {(time > here ? "ahead of" : "behind")} this machine's", "Leases use Redis's clock alone, so nodes live; but delivery times in metrics are wrong by as much. Run NTP.");
    }

    private static string Milliseconds(TimeSpan time) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.0#} ms");

    private static string Name(EndPoint endPoint) => endPoint switch
    {
        DnsEndPoint dns => $"{dns.Host}:{dns.Port}",
        _ => endPoint.ToString() ?? "",
    };
}
