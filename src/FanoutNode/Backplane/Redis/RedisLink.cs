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

    private readonly TaskCompletionSource<ConnectionMultiplexer> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ConnectionMultiplexer? _multiplexer;

    /// <summary>What the connection string says; also used by the subscriber's own connection.</summary>
    public ConfigurationOptions Configuration { get; } = Configure(options, clientName);

    /// <summary>Completes at the first connection. From then on the library reconnects by itself.</summary>
    public Task Connected => _connected.Task;

    /// <summary>Where commands go.</summary>
    /// <exception cref="BackplaneUnavailableException">There has been no connection yet.</exception>
    public IDatabaseAsync Database => (_multiplexer ?? throw new BackplaneUnavailableException("there is no connection to Redis yet")).GetDatabase();

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
                var multiplexer = await ConnectionMultiplexer.ConnectAsync(Configuration);
                multiplexer.ConnectionFailed += (_, e) => LogLost(logger, e.EndPoint, e.FailureType);
                multiplexer.ConnectionRestored += (_, e) => LogRestored(logger, e.EndPoint);
                _multiplexer = multiplexer;
                LogConnected(logger, string.Join(", ", Configuration.EndPoints));
                _connected.TrySetResult(multiplexer);
                return;
            }
            catch (RedisConnectionException e)
            {
                LogWaiting(logger, string.Join(", ", Configuration.EndPoints), attempt, e.FailureType);
            }

            await Task.Delay(RetryDelay, time, cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _connected.TrySetCanceled();
        if (_multiplexer is { } multiplexer)
            await multiplexer.DisposeAsync();
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
    private static partial void LogWaiting(ILogger logger, string endPoints, int attempt, ConnectionFailureType failure);

    [LoggerMessage(1222, LogLevel.Warning, "Lost Redis at {EndPoint} ({Failure}); sockets stay open, publishes are refused until it is back", EventName = "RedisLost")]
    private static partial void LogLost(ILogger logger, EndPoint? endPoint, ConnectionFailureType failure);

    [LoggerMessage(1223, LogLevel.Information, "Redis at {EndPoint} is back", EventName = "RedisRestored")]
    private static partial void LogRestored(ILogger logger, EndPoint? endPoint);
}
