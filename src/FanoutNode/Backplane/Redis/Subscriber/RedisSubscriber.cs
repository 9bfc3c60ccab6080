using System.Buffers;
using System.Text;

namespace Fanout.Node.Backplane.Redis.Subscriber;

/// <summary>Takes messages off the subscriber.</summary>
internal interface IChannelListener
{
    /// <summary>A message of a channel, in order. On the read loop: must not wait or throw. The spans are valid during the call only.</summary>
    void OnMessage(ReadOnlySpan<char> channel, ReadOnlySpan<byte> data);

    /// <summary>The connection is there and every wanted channel is subscribed again: whatever was published in between is missing.</summary>
    void OnResubscribed();

    /// <summary>The connection is gone.</summary>
    void OnLost();
}

/// <summary>
/// Keeps the subscriptions that the node wants: what is wanted is state, and every new connection is brought to it before it counts as up.
/// </summary>
/// <remarks>Thread-safe. Subscribe and unsubscribe of one channel reach Redis in the order in which they are called.</remarks>
internal sealed partial class RedisSubscriber(RedisLink link, IChannelListener listener, TimeProvider time, ILogger<RedisSubscriber> logger)
    : IPubSubHandler, IAsyncDisposable
{
    // Channels in one SUBSCRIBE: large enough that 100,000 rooms are some hundred commands, small enough that Redis, which serves one
    // command at a time, is not held up (256 channels take it well under a millisecond).
    private const int ChannelsPerCommand = 256;
    private const int MaxChannelChars = 512;
    private static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(5);
    // 100,000 channels are confirmed in about a second; a connection that takes longer than this is dead, however alive TCP says it is.
    private static readonly TimeSpan BringUpTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Subscription> _wanted = [];
    private readonly CancellationTokenSource _stopping = new();
    private PubSubConnection? _connection;
    private int _confirmed;
    private TaskCompletionSource? _upToDate;
    private Task _running = Task.CompletedTask;
    private PubSubConnection? _up;

    /// <summary>A wanted channel, and who waits for its confirmation.</summary>
    private sealed class Subscription
    {
        public bool IsConfirmed { get; set; }

        public TaskCompletionSource? Waiter { get; set; }
    }

    /// <summary>The connection on which every wanted channel is subscribed, as far as is known; null while there is none.</summary>
    public PubSubConnection? Current => Volatile.Read(ref _up);

    /// <summary>How many channels are wanted.</summary>
    public int Wanted
    {
        get
        {
            lock (_gate)
                return _wanted.Count;
        }
    }

    /// <summary>How many of them Redis has confirmed on the connection of today.</summary>
    public int Confirmed
    {
        get
        {
            lock (_gate)
                return _confirmed;
        }
    }

    public void Start() => _running = RunAsync(_stopping.Token);

    /// <summary>Wants a channel without waiting: it is subscribed now or with the next connection.</summary>
    public void Want(string channel)
    {
        lock (_gate)
        {
            if (_wanted.TryAdd(channel, new Subscription()))
                _connection?.Send("SUBSCRIBE", [channel]);
        }
    }

    /// <summary>Wants a channel and waits until Redis confirmed it.</summary>
    /// <exception cref="BackplaneUnavailableException">There is no connection, or no confirmation in time; the channel is not wanted then.</exception>
    public async ValueTask SubscribeAsync(string channel)
    {
        Task confirmed;
        lock (_gate)
        {
            if (_wanted.TryGetValue(channel, out var known) && known.IsConfirmed)
                return;
            if (_connection is null)
                throw new BackplaneUnavailableException("there is no subscription connection to Redis");
            if (known is null)
            {
                _wanted.Add(channel, known = new Subscription());
                _connection.Send("SUBSCRIBE", [channel]);
            }

            known.Waiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            confirmed = known.Waiter.Task;
        }

        try
        {
            await confirmed.WaitAsync(ConfirmTimeout, time);
        }
        catch (TimeoutException e)
        {
            Unsubscribe(channel);
            throw new BackplaneUnavailableException("Redis did not confirm the subscription in time", e);
        }
    }

    public void Unsubscribe(string channel)
    {
        lock (_gate)
        {
            if (_wanted.Remove(channel, out var gone))
            {
                if (gone.IsConfirmed)
                    _confirmed--;
                _connection?.Send("UNSUBSCRIBE", [channel]);
                gone.Waiter?.TrySetException(new BackplaneUnavailableException("the subscription was given up"));
            }
        }
    }

    /// <summary>Drops a connection, dead or alive; a new one takes its place, if that has not happened yet.</summary>
    public void Recycle(PubSubConnection connection)
    {
        lock (_gate)
        {
            if (_connection == connection)
                connection.Abort();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        lock (_gate)
            _connection?.Abort();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    void IPubSubHandler.OnReply(in PubSubReply reply)
    {
        switch (reply.Kind)
        {
            case PubSubReplyKind.Message:
                Dispatch(reply);
                break;
            case PubSubReplyKind.Subscribed:
                Confirm(Encoding.UTF8.GetString(reply.Subject));
                break;
            case PubSubReplyKind.Pong:
                _upToDate?.TrySetResult();
                break;
            case PubSubReplyKind.Error:
                var error = Encoding.UTF8.GetString(reply.Subject);
                if (!error.StartsWith("LOADING", StringComparison.Ordinal))
                    LogError(logger, error);
                throw new InvalidDataException(error);
        }
    }

    private void Dispatch(in PubSubReply reply)
    {
        Span<char> channel = stackalloc char[MaxChannelChars];
        if (reply.Subject.Length > channel.Length)
            return;
        var length = Encoding.UTF8.GetChars(reply.Subject, channel);
        if (reply.Payload.IsSingleSegment)
        {
            listener.OnMessage(channel[..length], reply.Payload.FirstSpan);
            return;
        }

        var rented = ArrayPool<byte>.Shared.Rent((int)reply.Payload.Length);
        reply.Payload.CopyTo(rented);
        listener.OnMessage(channel[..length], rented.AsSpan(0, (int)reply.Payload.Length));
        ArrayPool<byte>.Shared.Return(rented);
    }

    private void Confirm(string channel)
    {
        lock (_gate)
        {
            // Given up meanwhile: the UNSUBSCRIBE is on its way.
            if (!_wanted.TryGetValue(channel, out var subscription))
                return;
            if (!subscription.IsConfirmed)
                _confirmed++;
            subscription.IsConfirmed = true;
            subscription.Waiter?.TrySetResult();
            subscription.Waiter = null;
        }
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        var retry = FirstRetry;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await link.Connected.WaitAsync(stopping);
                await using var connection = await PubSubConnection.ConnectAsync(link.SubscriberEndPoint, link.Configuration, time, stopping);
                var running = connection.RunAsync(this);
                if (await BringUpAsync(connection, running))
                {
                    retry = FirstRetry;
                    Volatile.Write(ref _up, connection);
                    listener.OnResubscribed();
                }

                await running;
                LogEnded(logger, "closed by Redis");
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                LogEnded(logger, e.Message);
            }
            catch (OperationCanceledException)
            {
                break;
            }

            Down();
            if (stopping.IsCancellationRequested)
                break;
            // Jitter, so that the nodes of a fleet do not come back in step.
            var jittered = retry * (0.5 + Random.Shared.NextDouble());
            await Task.Delay(jittered, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            retry = retry * 2 < LongestRetry ? retry * 2 : LongestRetry;
        }
    }

    // Subscribes to everything that is wanted. The PING is behind all of it, so its answer says that all of it is confirmed.
    private async Task<bool> BringUpAsync(PubSubConnection connection, Task running)
    {
        var upToDate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _upToDate = upToDate;
            foreach (var chunk in _wanted.Keys.Chunk(ChannelsPerCommand))
                connection.Send("SUBSCRIBE", chunk);
            // In RESP2 a PING before the first subscription is answered with a status instead of an array.
            if (_wanted.Count > 0)
                connection.Send("PING", []);
            else
                upToDate.SetResult();
            _connection = connection;
        }

        var ended = await Task.WhenAny(upToDate.Task, running, Task.Delay(BringUpTimeout, time));
        if (ended != upToDate.Task && ended != running)
            connection.Abort();
        return ended == upToDate.Task;
    }

    private void Down()
    {
        lock (_gate)
        {
            _connection = null;
            Volatile.Write(ref _up, null);
            foreach (var subscription in _wanted.Values)
                subscription.IsConfirmed = false;
            _confirmed = 0;
        }

        listener.OnLost();
    }

    [LoggerMessage(1230, LogLevel.Warning, "The subscription connection to Redis ended ({Reason}); connecting again", EventName = "SubscriberEnded")]
    private static partial void LogEnded(ILogger logger, string reason);

    [LoggerMessage(1231, LogLevel.Error, "Redis refused a command of the subscription connection: {Error}", EventName = "SubscriberRefused")]
    private static partial void LogError(ILogger logger, string error);
}
