using System.Net;
using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>
/// The connection for commands: publishes, membership, leases. Subscriptions have a connection of their own, see
/// <see cref="Subscriber.RedisSubscriber"/>.
/// </summary>
internal sealed partial class RedisLink(RedisOptions options, string clientName, TimeProvider time, ILogger<RedisLink> logger) : IAsyncDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan IdentityRetryDelay = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource<ConnectionMultiplexer> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string> _refused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly bool _trustsRestarts = options.TrustRestarts;
    private ConnectionMultiplexer? _multiplexer;
    private readonly Lock _identityGate = new();
    private TaskCompletionSource _identified = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _identity;
    private long _connections;
    private long _reportedAt;
    private int _isLearning;

    /// <summary>What the connection string says; also used by the subscriber's own connection.</summary>
    public ConfigurationOptions Configuration { get; } = Configure(options, clientName);

    /// <summary>Completes at the first connection. From then on the library reconnects by itself.</summary>
    public Task Connected => _connected.Task;

    /// <summary>Completes with the reason if what answers can never be used.</summary>
    public Task<string> Refused => _refused.Task;

    /// <summary>Where commands go.</summary>
    /// <exception cref="BackplaneUnavailableException">There has been no connection yet.</exception>
    public IDatabaseAsync Database => (_multiplexer ?? throw new BackplaneUnavailableException("there is no connection to Redis yet")).GetDatabase();

    /// <summary>
    /// Names the run of the server that commands go to, so that a restart, which may have lost the newest entries, is noticed; empty where
    /// restarts are trusted.
    /// </summary>
    /// <exception cref="BackplaneUnavailableException">It is not known at the moment: the connection was lost and has just come back.</exception>
    public string ServerIdentity => (_identity ?? throw IdentityUnknown()) is var identity && _trustsRestarts ? "" : identity;

    /// <summary>Completes once <see cref="ServerIdentity"/> is known; asked for anew after each loss of the connection.</summary>
    public Task Identified
    {
        get
        {
            if (_identity is null)
                _ = LearnIdentityAsync();
            lock (_identityGate)
                return _identity is null ? _identified.Task : Task.CompletedTask;
        }
    }

    /// <summary>The server that takes writes, as far as it is known.</summary>
    public IServer? Primary => _multiplexer?.GetServers().FirstOrDefault(server => server.IsConnected && !server.IsReplica);

    /// <summary>Where the subscriber connects: to the primary, or as configured while that is not known.</summary>
    public EndPoint SubscriberEndPoint => Primary?.EndPoint ?? Configuration.EndPoints[0];

    /// <summary>Connects, however long that takes, with a log line for each failure that an operator can act on.</summary>
    public async Task ConnectAsync(CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Configuration.BeforeSocketConnect = (_, type, _) => OnConnecting(type);
                var multiplexer = await ConnectionMultiplexer.ConnectAsync(Configuration);
                _multiplexer = multiplexer;
                if (multiplexer.GetServers().Any(server => server.ServerType == ServerType.Cluster))
                {
                    _refused.TrySetResult($"Fanout:Redis:ConnectionString leads to a Redis Cluster ({string.Join(", ", Configuration.EndPoints)}), which is not supported: use one server, or one primary with replicas.");
                    return;
                }

                multiplexer.ConnectionFailed += (_, e) => OnLost(e);
                multiplexer.ConnectionRestored += (_, e) => OnRestored(e);
                await ReadIdentityAsync();
                await CheckSettingsAsync();
                LogConnected(logger, string.Join(", ", Configuration.EndPoints));
                _connected.TrySetResult(multiplexer);
                return;
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                // Also a cancellation: the library lets its own ones out, and only the token tells that this node stops.
                LogWaiting(logger, string.Join(", ", Configuration.EndPoints), attempt, e.Message);
                if (Interlocked.Exchange(ref _multiplexer, null) is { } halfConnected)
                    await halfConnected.DisposeAsync();
            }

            await Task.Delay(RetryDelay, time, cancellation);
        }
    }

    /// <summary>
    /// Logs what Redis itself refuses, such as writes beyond its memory: the callers of a command only see that it failed. Once in a while,
    /// since it comes with every command.
    /// </summary>
    public void Report(Exception fault)
    {
        if (fault is RedisServerException { Kind: RedisErrorKind.NoScript })
            ForgetIdentity();

        // While it loads its data, Redis refuses everything; that passes, and the state of the backplane tells of it.
        if (fault is not RedisServerException || fault.Message.StartsWith("LOADING", StringComparison.Ordinal))
            return;
        var last = Interlocked.Read(ref _reportedAt);
        if (last != 0 && time.GetElapsedTime(last) < ReportInterval)
            return;
        if (Interlocked.CompareExchange(ref _reportedAt, time.GetTimestamp(), last) == last)
            LogRefused(logger, fault.Message);
    }

    public async ValueTask DisposeAsync()
    {
        _connected.TrySetCanceled();
        if (_multiplexer is not { } multiplexer)
            return;
        // It says QUIT and waits for the answer, as long as for any command. Who needed one has waited for it; a Redis that hangs gives none.
        await multiplexer.CloseAsync().WaitAsync(LongestGoodbye, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void OnLost(ConnectionFailedEventArgs e)
    {
        LogLost(logger, e.EndPoint, e.FailureType);
    }

    private void OnRestored(ConnectionFailedEventArgs e)
    {
        LogRestored(logger, e.EndPoint);
        _ = LearnIdentityAsync();
    }

    // The library raises its events on the thread pool, so a loss may be told after the restoration that followed it: whoever needs the
    // identity sees to it that somebody asks for it.
    private BackplaneUnavailableException IdentityUnknown()
    {
        _ = LearnIdentityAsync();
        return new BackplaneUnavailableException("the identity of the Redis server is not known yet");
    }

    private async Task LearnIdentityAsync()
    {
        if (Interlocked.Exchange(ref _isLearning, 1) == 1)
            return;
        try
        {
            while (_identity is null && _multiplexer is { IsConnected: true })
            {
                try
                {
                    await ReadIdentityAsync();
                }
                catch (Exception fault) when (RedisFaults.IsBackplaneFault(fault))
                {
                    await Task.Delay(IdentityRetryDelay, time);
                }
            }
        }
        finally
        {
            Volatile.Write(ref _isLearning, 0);
        }
    }

    // Before a connection is made, since the library tells of losses and restorations some time afterwards: a node that was stopped while Redis
    // restarted would send what it had waiting with the identity of the run before.
    private void OnConnecting(ConnectionType type)
    {
        if (type != ConnectionType.Interactive)
            return;
        lock (_identityGate)
        {
            _connections++;
            _identity = null;
        }
    }

    // Somebody flushed the scripts, or commands go to another server now. They are loaded when the identity is read, before anything that
    // needs it is sent again.
    private void ForgetIdentity()
    {
        lock (_identityGate)
            _identity = null;
        _ = LearnIdentityAsync();
    }

    private async Task ReadIdentityAsync()
    {
        var connection = Interlocked.Read(ref _connections);
        var primary = Primary ?? throw new BackplaneUnavailableException("no primary is connected");
        // Before the identity, without which no room is touched: a publish that found its script missing would have to be sent again, behind
        // later ones.
        await RedisScript.LoadAllAsync(primary);
        var info = await primary.InfoAsync("server");
        var identity = info.SelectMany(section => section).FirstOrDefault(field => field.Key == "run_id").Value
            ?? throw new BackplaneUnavailableException("the server did not tell its run_id");
        lock (_identityGate)
        {
            // The answer may have come over the connection before.
            _identity = connection == _connections
                ? identity
                : throw new BackplaneUnavailableException("the connection changed while the server was asked for its identity");
            _identified.TrySetResult();
            _identified = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    // Eviction would take rooms' positions and members away one key at a time, and nobody would be told.
    private async Task CheckSettingsAsync()
    {
        try
        {
            var policy = await Primary!.ConfigGetAsync("maxmemory-policy");
            if (policy.Length > 0 && policy[0].Value != "noeviction")
                LogEvicts(logger, policy[0].Value);
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            LogUnchecked(logger, e.Message); // Managed services often forbid CONFIG.
        }
    }

    private static ConfigurationOptions Configure(RedisOptions options, string clientName)
    {
        var configuration = ConfigurationOptions.Parse(options.ConnectionString!);
        configuration.ClientName = clientName;
        configuration.AbortOnConnectFail = true; // This class retries, and says so in the log.
        configuration.AsyncTimeout = (int)options.CommandTimeout.TotalMilliseconds;
        configuration.ConnectRetry = 1;
        // A publish while Redis is away is refused at once, so that its sender knows; queueing it here would decide its fate in secret.
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        // Quick first tries, since every publish is refused meanwhile; at most 2 s apart, so that a node is back soon after Redis is.
        configuration.ReconnectRetryPolicy = new ExponentialRetry(100, 2_000);
        // The library counts INFO, which tells the server's identity, among the commands of administrators.
        configuration.AllowAdmin = true;
        configuration.HeartbeatInterval = TimeSpan.FromSeconds(1);
        if (configuration.ServiceName is null)
        {
            // This multiplexer never subscribes; without the command it does not open its second connection.
            configuration.CommandMap = CommandMap.Create(["SUBSCRIBE"], available: false);
            configuration.ConfigurationChannel = "";
        }

        return configuration;
    }

    [LoggerMessage(1220, LogLevel.Information, "Connected to Redis at {EndPoints}", EventName = "RedisConnected")]
    private static partial void LogConnected(ILogger logger, string endPoints);

    [LoggerMessage(1221, LogLevel.Warning, "Waiting for Redis at {EndPoints} (attempt {Attempt}: {Failure}); the node is not ready until it answers", EventName = "RedisWaiting")]
    private static partial void LogWaiting(ILogger logger, string endPoints, int attempt, string failure);

    [LoggerMessage(1222, LogLevel.Warning, "Lost Redis at {EndPoint} ({Failure}); sockets stay open, publishes are refused until it is back", EventName = "RedisLost")]
    private static partial void LogLost(ILogger logger, EndPoint? endPoint, ConnectionFailureType failure);

    [LoggerMessage(1223, LogLevel.Information, "Redis at {EndPoint} is back", EventName = "RedisRestored")]
    private static partial void LogRestored(ILogger logger, EndPoint? endPoint);

    [LoggerMessage(1224, LogLevel.Error, "Redis refuses a command: {Error}", EventName = "RedisRefused")]
    private static partial void LogRefused(ILogger logger, string error);

    [LoggerMessage(1225, LogLevel.Warning, "Redis evicts keys (maxmemory-policy is {Policy}): rooms would lose positions and members unseen; set it to noeviction", EventName = "RedisEvicts")]
    private static partial void LogEvicts(ILogger logger, string policy);

    [LoggerMessage(1226, LogLevel.Information, "Redis does not tell its maxmemory-policy ({Reason}); make sure that it is noeviction", EventName = "RedisUnchecked")]
    private static partial void LogUnchecked(ILogger logger, string reason);
}
