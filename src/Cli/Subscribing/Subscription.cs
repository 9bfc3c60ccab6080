using Fanout.Cli.Http;
using Fanout.Cli.Output;
using Fanout.Cli.Running;
using Fanout.Client;

namespace Fanout.Cli.Subscribing;

/// <summary>Listens to rooms until something ends it: enough messages, the time, Ctrl+C, a reader that is gone, or a fault that will not pass.</summary>
internal sealed class Subscription : IAsyncDisposable
{
    // Messages that may wait for a slow reader of ours; beyond it we end and say so, since a message that is left out would go unnoticed.
    private const int MostWaiting = 50_000;

    private readonly Run _run;
    private readonly EventWriter _writer;
    private readonly int? _wanted;
    private readonly FanoutClient _client;
    private readonly TaskCompletionSource<int> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _ending;
    private bool _wasConnected;
    private int _got;

    public Subscription(Run run, EventWriter writer, int? wanted)
    {
        (_run, _writer, _wanted) = (run, writer, wanted);
        _ending = CancellationTokenSource.CreateLinkedTokenSource(run.Stopped);
        _client = new FanoutClient(new FanoutClientOptions
        {
            Url = SocketUrls.Of(run.Settings).AbsoluteUri,
            Token = run.Settings.Token,
            ConnectTimeout = Settings.DefaultTimeout,
            ConfigureWebSocket = Configure,
        });
        _client.Connected += OnConnected;
        _client.Disconnected += end => _writer.Status($"the connection is lost ({end.CloseCode}{(end.Reason.Length > 0 ? ": " + end.Reason : "")})");
        _client.Reconnecting += OnReconnecting;
        _client.BackplaneChanged += state => _writer.Status(state == FanoutBackplaneState.Degraded ? "the node has lost its backplane; messages may be late" : "the backplane is healthy again");
        _client.Closed += error => _end.TrySetException(FaultOf(error));
    }

    /// <returns>The exit code.</returns>
    public async Task<int> ListenAsync(IReadOnlyList<SubscribedRoom> rooms, bool presence)
    {
        foreach (var room in rooms)
            Open(_client.Room(room.Name, new FanoutRoomOptions { Last = room.Last, Since = room.Since, Presence = presence }));
        _ = ConnectAsync();
        _ = WatchOutputAsync();
        _ = WatchTimeAsync();
        using var stop = _run.Stopped.Register(() => _end.TrySetResult(ExitCode.Interrupted));
        return await _end.Task;
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _client.DisposeAsync();
        _ending.Dispose();
    }

    private void Configure(System.Net.WebSockets.ClientWebSocketOptions options)
    {
        if (_run.Settings.IsLocal)
            options.Proxy = null;
#pragma warning disable CA5359 // It is what --insecure asks for, and its help says what it costs.
        if (_run.Settings.Insecure)
            options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
    }

    private void Open(FanoutRoom<FanoutPayload> room)
    {
        room.Joined += _writer.Joined;
        room.Reset += Guarded<FanoutReset>(_writer.Reset);
        room.PresenceChanged += Guarded<FanoutPresenceChange>(change => _writer.Presence(room.Name, change));
        room.Failed += error => _end.TrySetException(FaultOf(error));
        room.Removed += removed => _end.TrySetException(new CliException(ExitCode.Refused, $"The node put you out of {removed.Room}: {removed.Reason}") { Code = "forbidden" });
        _ = ReadAsync(room);
    }

    private async Task ReadAsync(FanoutRoom<FanoutPayload> room)
    {
        try
        {
            await foreach (var message in room.ReadAllAsync(new FanoutStreamOptions { BufferSize = MostWaiting }).WithCancellation(_ending.Token))
            {
                if (_wanted is { } wanted && Interlocked.Increment(ref _got) > wanted)
                    return;
                _writer.Message(message);
                if (Volatile.Read(ref _got) == _wanted)
                    _end.TrySetResult(ExitCode.Ok);
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
        catch (FanoutException e) when (e.Code == FanoutErrorCodes.Overflow)
        {
            _end.TrySetException(new CliException(ExitCode.Failed, $"Messages of {room.Name} come faster than they are read from here.", "What reads this output is too slow.") { Code = e.Code });
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private async Task ConnectAsync()
    {
        try
        {
            await _client.ConnectAsync(_ending.Token);
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private async Task WatchOutputAsync()
    {
        try
        {
            await PipeWatch.WaitForCloseAsync(_run.Time, _ending.Token);
            _end.TrySetResult(ExitCode.Ok);
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private async Task WatchTimeAsync()
    {
        if (_run.Settings.Timeout is not { } time)
            return;
        try
        {
            await Task.Delay(time, _run.Time, _ending.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        if (!_wasConnected)
            _end.TrySetException(NetworkFaults.NoAnswer(_run.Settings));
        else if (_wanted is { } wanted)
            _end.TrySetException(new CliException(ExitCode.Failed, $"{Math.Min(Volatile.Read(ref _got), wanted)} of {wanted} messages came within {Durations.ToText(time)}.") { Code = "timeout" });
        else
            _end.TrySetResult(ExitCode.Ok);
    }

    private void OnConnected(FanoutConnectionInfo info)
    {
        _wasConnected = true;
        _writer.Status($"connected to {info.Node}{(info.UserId is { } user ? $" as {user}" : "")}, client {info.ClientId}");
    }

    // At the first try a node that is not there is an error; later it is something that passes.
    private void OnReconnecting(FanoutReconnecting attempt)
    {
        if (!_wasConnected)
            _end.TrySetException(ClientFaults.OfConnect(attempt.Cause, _run.Settings));
        else
            _writer.Status($"trying again in {Durations.ToText(attempt.Delay)}");
    }

    private Action<T> Guarded<T>(Action<T> write) => value =>
    {
        try
        {
            write(value);
        }
        catch (Exception e)
        {
            Fail(e);
        }
    };

    private void Fail(Exception e) => _end.TrySetException(e is FanoutException error ? FaultOf(error) : e);

    // Whoever waits when the client closes is told that it is closed; why, the client knows.
    private CliException FaultOf(FanoutException e) =>
        ClientFaults.Of(e.Code == FanoutErrorCodes.Closed && _client.ClosedBecause is { } because ? because : e, _run.Settings);
}
