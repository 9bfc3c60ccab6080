using System.Net;
using Fanout.Client.Commands;
using Fanout.Client.Threading;
using Fanout.Client.Wire;
using Fanout.Shared.Protocol;

namespace Fanout.Client.Connection;

/// <summary>What the connector asks and tells, in a turn.</summary>
internal interface IConnectorHost
{
    /// <summary>The query of the next handshake, and what it may cost of the request line.</summary>
    string Query(int maxLength);

    void Connected(FanoutConnectionInfo info);

    void Received(Inbound message);

    void Lost(Ending ending);

    void Waiting(TimeSpan delay, int attempt, FanoutException cause);

    void StateChanged(FanoutConnectionState state, FanoutException? error);

    /// <summary>Something failed that no caller waits for.</summary>
    void Fault(FanoutException error);
}

/// <summary>
/// Keeps one connection: 1 token, 2 socket, 3 <c>connected</c>, 4 talk until the end, 5 the end decides: stay away, or wait and go on at 1.
/// All of it happens in turns.
/// </summary>
internal sealed partial class Connector : ILine, ISocketHandler
{
    /// <summary>The request line should stay under 8 KiB (docs/protocol.md, 2.4); proxies on the way may add a little.</summary>
    private const int MaxUrlLength = 7_000;

    /// <summary>A drained node that has not closed so long after its time is not waited for any more.</summary>
    private static readonly TimeSpan DrainGrace = TimeSpan.FromSeconds(5);

    /// <summary>How long a good bye is waited for.</summary>
    private static readonly TimeSpan CloseGrace = TimeSpan.FromSeconds(2);

    private readonly FanoutClientOptions _options;
    private readonly Settings _settings;
    private readonly IConnectorHost _host;
    private readonly ISocketFactory _sockets;
    private readonly Turns _turns;
    private readonly TimeProvider _time;
    private readonly Tokens _tokens;
    private readonly Backoff _backoff;
    private readonly Heartbeat _heartbeat;
    private readonly ClientTimer _attemptTimer;
    private readonly ClientTimer _waitTimer;
    private readonly ClientTimer _drainTimer;
    private readonly ClientTimer _refreshTimer;
    private ISocket? _socket;
    private Life _life = new();
    private DateTimeOffset _connectedAt;
    private DateTimeOffset _notBefore;
    private DateTimeOffset? _drainAt;
    private DateTimeOffset _lastFreeTry = DateTimeOffset.MinValue;
    private int _urlIndex;
    private ISocket? _closing;
    private Task _goodbye = Task.CompletedTask;
    private Action _farewell = static () => { };

    public Connector(Settings settings, IConnectorHost host, ISocketFactory sockets, Turns turns)
    {
        _settings = settings;
        _options = settings.Options;
        _host = host;
        _sockets = sockets;
        _turns = turns;
        _time = settings.Time;
        _tokens = new Tokens(_options, turns, _time);
        _backoff = settings.NewBackoff();
        _attemptTimer = settings.NewTimer(turns);
        _waitTimer = settings.NewTimer(turns);
        _drainTimer = settings.NewTimer(turns);
        _refreshTimer = settings.NewTimer(turns);
        _heartbeat = new Heartbeat(turns, _time, _options.PongTimeout, () => Send(Frames.Ping(settings.Format)), Silent);
    }

    public FanoutConnectionState State { get; private set; }

    public bool IsReady { get; private set; }

    public void Send(ReadOnlyMemory<byte> frame) => _socket?.Send(frame);

    public void Start()
    {
        if (State is not (FanoutConnectionState.Idle or FanoutConnectionState.Closed))
            return;
        _backoff.Reset();
        _notBefore = DateTimeOffset.MinValue;
        SetState(FanoutConnectionState.Connecting);
        Attempt();
    }

    /// <summary>Ends for good; the task is there when the node has answered the good bye, or has not for 2 s.</summary>
    public Task Stop(FanoutException error)
    {
        if (State == FanoutConnectionState.Closed)
            return _goodbye;
        var socket = _socket;
        var wasReady = IsReady;
        Clear();
        if (wasReady)
            _host.Lost(new Ending((int)CloseCode.Normal, "closed by this client"));
        if (socket is not null)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _goodbye = done.Task;
            var timer = _settings.NewTimer(_turns);
            _closing = socket;
            _farewell = () =>
            {
                _closing = null;
                timer.Clear();
                done.TrySetResult();
            };
            timer.Set(CloseGrace, () =>
            {
                _turns.Outside(() => socket.Abandon((int)CloseCode.Normal));
                _farewell();
            });
            // Before the handshake is through there is nobody to say good bye to.
            if (wasReady)
                socket.Close((int)CloseCode.Normal);
            else
                _turns.Outside(() => socket.Abandon((int)CloseCode.Normal));
        }

        Finish(error);
        return _goodbye;
    }

    public void Drain(TimeSpan reconnectAfter)
    {
        _drainAt = _time.GetUtcNow() + reconnectAfter;
        _drainTimer.Set(reconnectAfter + DrainGrace, () => Abandon(new Ending((int)CloseCode.GoingAway, "the node drains")));
    }

    /// <summary>The machine or the application woke up: looks at once whether the connection lives, and does not wait out a backoff.</summary>
    public void Wake()
    {
        if (IsReady)
        {
            _heartbeat.Check();
        }
        else if (_waitTimer.IsSet && _time.GetUtcNow() >= _notBefore)
        {
            _waitTimer.Clear();
            Attempt();
        }
    }

    void ISocketHandler.Received(ISocket socket, ReadOnlyMemory<byte> message)
    {
        using var turn = _turns.Take();
        if (_socket != socket)
            return;
        _heartbeat.Seen();
        try
        {
            var inbound = InboundReader.Read(_settings.Format, message);
            // 3
            if (inbound.Type == MessageTypes.Connected && !IsReady)
                Begin(NodeMessages.ReadConnected(inbound.Payload), socket);
            // 4
            else
                _host.Received(inbound);
        }
        catch (Exception e)
        {
            // Nothing that a node says may end this loop; what it said is lost, and told.
            _host.Fault(new FanoutException(FanoutErrorCodes.BadMessage, "A message of the node could not be read.", e));
        }
    }

    void ISocketHandler.Pinged(ISocket socket)
    {
        using var turn = _turns.Take();
        if (_socket == socket)
            _heartbeat.Seen();
    }

    void ISocketHandler.Ended(ISocket socket, Ending ending)
    {
        using var turn = _turns.Take();
        if (_socket == socket)
            Ended(ending);
        else if (_closing == socket)
            _farewell();
    }

    private void Attempt()
    {
        // 1
        var life = _life = new Life();
        _tokens.Get(FanoutTokenReason.Connect, life, (token, error) =>
        {
            if (life.IsOver)
                return;
            if (error is null)
                Open(token);
            else if (error.Code == FanoutErrorCodes.Unauthorized)
                GiveUp(error);
            else
                Wait(error, TimeSpan.Zero);
        });
    }

    private void Open(string? token)
    {
        // 2
        var url = _settings.Urls[_urlIndex % _settings.Urls.Count];
        var query = _host.Query(MaxUrlLength - url.Length);
        var address = query.Length == 0 ? url : $"{url}{(url.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{query}";
        try
        {
            _socket = _sockets.Open(new SocketTarget(new Uri(address), Subprotocols.NameOf(_settings.Format), token), this);
        }
        catch (Exception e) when (e is UriFormatException or ArgumentException or InvalidOperationException)
        {
            GiveUp(new FanoutException(FanoutErrorCodes.Refused, $"The WebSocket does not take this address or token: {e.Message}", e));
            return;
        }

        _attemptTimer.Set(_options.ConnectTimeout, () => Abandon(new Ending(Ending.Abnormal, $"no connection within {_options.ConnectTimeout}")));
    }

    private void Begin(FanoutConnectionInfo info, ISocket socket)
    {
        _attemptTimer.Clear();
        IsReady = true;
        _connectedAt = _time.GetUtcNow();
        _heartbeat.Start(info.HeartbeatInterval, info.HeartbeatTimeout, socket.ShowsPings);
        // First what is wanted, then those who listen: they find rooms that are on their way, and ask for nothing twice.
        _host.Connected(info);
        SetState(FanoutConnectionState.Connected);
    }

    private void Silent()
    {
        // We do not read, so we cannot know; the node sees a slow consumer and decides.
        if (_socket is { IsPaused: true })
            _heartbeat.Seen();
        else
            Abandon(new Ending((int)CloseCode.HeartbeatMissed, "nothing was heard of the node"));
    }

    private void Abandon(Ending ending)
    {
        if (_socket is not { } socket)
            return;
        _turns.Outside(() => socket.Abandon((int)CloseCode.HeartbeatMissed));
        Ended(ending);
    }

    // 5
    private void Ended(Ending ending)
    {
        var now = _time.GetUtcNow();
        var wasReady = IsReady;
        var drainAt = _drainAt;
        Clear();
        _urlIndex++;
        if (wasReady)
        {
            if (now - _connectedAt >= _options.MinUptime)
                _backoff.Reset();
            _host.Lost(ending);
        }

        var (code, reason, status, retryAfter, inner) = ending;
        if (CloseDecision.StaysAway(code))
        {
            GiveUp(CloseDecision.Farewell(code, reason));
            return;
        }

        if (code == (int)CloseCode.TokenExpired || status == HttpStatusCode.Unauthorized)
            _tokens.Ended();
        if (status is { } refused && CloseDecision.RefusesForGood(refused))
        {
            GiveUp(new FanoutException(
                refused == HttpStatusCode.Forbidden ? FanoutErrorCodes.Forbidden : FanoutErrorCodes.Refused,
                $"The node refuses this client (HTTP {(int)refused}).")
            { StatusCode = refused });
            return;
        }

        if (status == HttpStatusCode.Unauthorized && _tokens.IsAnonymous)
        {
            GiveUp(new FanoutException(FanoutErrorCodes.Unauthorized, "The node lets nobody in without a token.") { StatusCode = status });
            return;
        }

        if (!wasReady && _tokens.IsOver)
        {
            GiveUp(Tokens.OnlyTokenEnded());
            return;
        }

        var cause = new FanoutException(
            FanoutErrorCodes.ConnectionLost,
            wasReady ? $"The connection ended ({code}{(reason.Length > 0 ? $": {reason}" : "")})." : $"No connection ({(reason.Length > 0 ? reason : code)}).",
            inner)
        { IsRetryable = true, CloseCode = code, StatusCode = status };
        // The node has spread the delays of its clients already, so there is no backoff (5.11); but one that drains again and again gets one.
        var hint = drainAt is { } at && at > now ? at - now : retryAfter ?? TimeSpan.Zero;
        if ((code == (int)CloseCode.GoingAway || drainAt is not null) && now - _lastFreeTry >= _options.MinUptime)
        {
            _lastFreeTry = now;
            Again(cause, hint, hint);
        }
        else
        {
            Wait(cause, hint);
        }
    }

    private void Wait(FanoutException cause, TimeSpan atLeast)
    {
        if (_backoff.Failures >= _options.MaxAttempts)
            GiveUp(new FanoutException(FanoutErrorCodes.GaveUp, $"{_options.MaxAttempts} attempts have failed; the last: {cause.Message}", cause));
        else
            Again(cause, atLeast + _backoff.Next(), atLeast);
    }

    private void Again(FanoutException cause, TimeSpan delay, TimeSpan atLeast)
    {
        _notBefore = _time.GetUtcNow() + atLeast;
        _waitTimer.Set(delay, Attempt);
        if (State == FanoutConnectionState.Connected)
            SetState(FanoutConnectionState.Reconnecting, cause);
        _host.Waiting(delay, _backoff.Failures, cause);
    }

    private void GiveUp(FanoutException error)
    {
        Clear();
        Finish(error);
    }

    private void Finish(FanoutException error) => SetState(FanoutConnectionState.Closed, error);

    private void Clear()
    {
        _socket = null;
        IsReady = false;
        _drainAt = null;
        _heartbeat.Stop();
        _attemptTimer.Clear();
        _waitTimer.Clear();
        _drainTimer.Clear();
        _refreshTimer.Clear();
        _life.End();
    }

    private void SetState(FanoutConnectionState state, FanoutException? error = null)
    {
        if (State == state)
            return;
        State = state;
        _host.StateChanged(state, error);
    }
}
