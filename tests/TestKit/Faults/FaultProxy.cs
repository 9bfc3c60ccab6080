using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;

namespace Fanout.Tests.TestKit.Faults;

/// <summary>
/// A TCP proxy that breaks on demand: between a node and Redis, or between a client and a node. Faults hold for the connections that
/// exist and for those to come, until <see cref="Heal"/>. Thread-safe.
/// </summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private volatile Target _target;
    private readonly ConcurrentDictionary<ProxiedConnection, Task> _connections = new();
    private readonly Link _toTarget = new();
    private readonly Link _toClient = new();
    private readonly ProxyListener _listener;
    private int _accepted;

    private FaultProxy(string host, int port)
    {
        _target = new Target(host, port);
        _listener = new ProxyListener(Accept);
    }

    public int Port => _listener.Port;

    /// <summary>"127.0.0.1:port", which is a StackExchange.Redis connection string too.</summary>
    public string EndPoint => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public Uri BaseUri => new($"http://{EndPoint}");

    /// <summary>The connections that go through the proxy now.</summary>
    public int ConnectionCount => _connections.Count;

    /// <summary>All that ever came.</summary>
    public int AcceptedCount => Volatile.Read(ref _accepted);

    public static FaultProxy Start(string host, int port) => new(host, port);

    /// <param name="endPoint">"host:port".</param>
    public static FaultProxy Start(string endPoint)
    {
        var colon = endPoint.LastIndexOf(':');
        return Start(endPoint[..colon], int.Parse(endPoint[(colon + 1)..], CultureInfo.InvariantCulture));
    }

    public static FaultProxy Start(Uri target) => Start(target.Host, target.Port);

    /// <summary>New connections go there, as when a load balancer has found another node. Present ones stay where they are.</summary>
    public void Retarget(Uri target) => _target = new Target(target.Host, target.Port);

    /// <summary>Ends every present connection on both sides, by RST or by FIN. New ones come through.</summary>
    public void Cut(bool reset = true)
    {
        foreach (var connection in _connections.Keys)
        {
            if (reset)
                connection.Abort();
            else
                connection.Finish();
        }

        // A change that changes nothing wakes the pumps that a black hole holds.
        Set(ProxyDirection.Both, faults => faults);
    }

    /// <summary>New connections are refused, as when nobody listens. Present ones stay.</summary>
    public void RefuseNew() => _listener.Close();

    /// <summary>
    /// Connections stay and new ones are accepted, but nothing passes, not even an end. What was sent meanwhile arrives after <see
    /// cref="Heal"/>.
    /// </summary>
    public void BlackHole(ProxyDirection direction = ProxyDirection.Both) => Set(direction, faults => faults with { BlackHole = true });

    /// <summary>Everything arrives that much later. Up to 64 reads are under way at once, more wait at the sender.</summary>
    public void Delay(TimeSpan delay, ProxyDirection direction = ProxyDirection.Both) =>
        Set(direction, faults => faults with { Delay = delay });

    /// <summary>For each connection.</summary>
    public void Throttle(int bytesPerSecond, ProxyDirection direction = ProxyDirection.Both)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytesPerSecond);
        Set(direction, faults => faults with { BytesPerSecond = bytesPerSecond });
    }

    /// <summary>Takes all faults away. Connections that were cut stay cut.</summary>
    public void Heal()
    {
        Set(ProxyDirection.Both, _ => LinkFaults.None);
        _listener.Open();
    }

    public Task WaitForConnectionsAsync(int count, TimeSpan? deadline = null) =>
        Eventually.ValueAsync(
            () => Task.FromResult(ConnectionCount), present => present == count, $"{count} connections through the proxy", deadline);

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        Cut();
        await Task.WhenAll(_connections.Values).WithDeadline("the proxy's connections to end");
    }

    private void Set(ProxyDirection direction, Func<LinkFaults, LinkFaults> change)
    {
        if (direction.HasFlag(ProxyDirection.ToTarget))
            _toTarget.Set(change);
        if (direction.HasFlag(ProxyDirection.ToClient))
            _toClient.Set(change);
    }

    private void Accept(Socket client)
    {
        client.NoDelay = true;
        Interlocked.Increment(ref _accepted);
        var connection = new ProxiedConnection(client);
        var ended = new TaskCompletionSource();
        var target = _target;
        _connections[connection] = ended.Task;
        _ = RunAsync();

        async Task RunAsync()
        {
            await connection.RunAsync(target.Host, target.Port, _toTarget, _toClient);
            _connections.TryRemove(connection, out _);
            ended.SetResult();
        }
    }

    private sealed record Target(string Host, int Port);
}
