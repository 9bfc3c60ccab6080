using System.Globalization;
using Fanout.Node.Backplane.Redis.Subscriber;
using Fanout.Node.Diagnostics;
using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>
/// Sends a probe the way that messages go, from the command connection through Redis to the subscription connection, and waits for it. A
/// probe that does not come back means that messages do not either, whatever TCP says.
/// </summary>
internal sealed class RedisProbe(
    RedisLink link, RedisSubscriber subscriber, string channel, HealthOptions options, TimeProvider time, FanoutMetrics metrics) : IProbe
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _arrival;
    private long _number;
    private volatile string _channel = channel;
    private PubSubConnection? _probed;

    public Task Connected => link.Connected;

    /// <summary>The channel to subscribe to.</summary>
    public string Channel => _channel;

    /// <summary>The node took a new incarnation, and its channel is subscribed.</summary>
    public void UseChannel(string channel) => _channel = channel;

    /// <summary>A probe came back. On the subscription's read loop.</summary>
    public void OnArrived(ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            // An older probe that was thought lost says nothing about the connection of today.
            if (long.TryParse(data, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number == _number)
                _arrival?.TrySetResult();
        }
    }

    public async Task<ProbeResult> ProbeAsync(CancellationToken cancellation)
    {
        if ((_probed = subscriber.Current) is null)
            return ProbeResult.NoSubscription;
        var (number, arrival) = Next();
        var sent = time.GetTimestamp();
        try
        {
            var heard = await link.Database.PublishAsync(RedisChannel.Literal(Channel), number.ToString(CultureInfo.InvariantCulture));
            if (heard == 0)
                return ProbeResult.Lost; // Redis knows nobody who listens: no need to wait.
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            link.Report(e);
            return ProbeResult.NotSent;
        }

        try
        {
            await arrival.WaitAsync(options.ProbeTimeout, time, cancellation);
        }
        catch (TimeoutException)
        {
            return ProbeResult.Lost;
        }

        metrics.ProbeReturned(time.GetElapsedTime(sent));
        try
        {
            // Until Redis has said who it is, publishes are refused: then nobody may be told that all is well.
            await link.Identified.WaitAsync(options.ProbeTimeout, time, cancellation);
        }
        catch (TimeoutException)
        {
            return ProbeResult.NotSent;
        }

        return ProbeResult.Returned;
    }

    public void DropSubscription()
    {
        if (_probed is { } dead)
            subscriber.Recycle(dead);
    }

    private (long Number, Task Arrival) Next()
    {
        lock (_gate)
        {
            _arrival = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return (++_number, _arrival.Task);
        }
    }
}
