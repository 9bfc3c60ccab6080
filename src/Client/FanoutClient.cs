using System.Text.Json.Serialization.Metadata;
using Fanout.Client.Commands;
using Fanout.Client.Connection;
using Fanout.Client.Diagnostics;
using Fanout.Client.Outbox;
using Fanout.Client.Rooms;
using Fanout.Client.Serialization;
using Fanout.Client.Threading;
using Fanout.Client.Wire;
using Fanout.Shared.Rooms;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fanout.Client;

/// <summary>
/// A connection to Fanout that comes back by itself. Nothing is sent before <see cref="ConnectAsync"/>; rooms, publishes and requests may be
/// asked for at any time and wait for the connection. Safe to be used from every thread.
/// </summary>
/// <remarks>
/// Events and handlers are called one after the other, in the order of what happened, on the thread pool. One that throws harms neither the
/// others nor the client; it is told to <see cref="Failed"/>, and logged.
/// </remarks>
public sealed partial class FanoutClient : IAsyncDisposable, IDisposable
{
    private readonly Settings _settings;
    private readonly Turns _turns;
    private readonly Host _host;
    private readonly Connector _connector;
    private readonly CommandTable _commands;
    private readonly PublishOutbox _outbox;
    private readonly LogQueue _log;
    private readonly HandlerContext _failedContext;
    private readonly RoomTable _rooms;
    private readonly List<TaskCompletionSource<FanoutConnectionInfo>> _connecting = [];
    private readonly List<(FanoutConnectionState State, TaskCompletionSource Done)> _stateWaiters = [];
    private FanoutConnectionInfo? _info;
    private FanoutBackplaneState _backplane;
    private HashSet<string> _queried = [];
    private FanoutConnectionState _previous;
    private FanoutException? _closedBecause;
    private bool _closedByUs;

    /// <summary>Makes a client; it connects when <see cref="ConnectAsync"/> is called.</summary>
    /// <exception cref="ArgumentException">An option is wrong; the message names it, its value and what is right.</exception>
    public FanoutClient(FanoutClientOptions options)
        : this(new Settings(options), Turns.OnThreadPool(), null)
    {
    }

    /// <summary>Makes an anonymous client with default options.</summary>
    /// <exception cref="ArgumentException">The address is none.</exception>
    public FanoutClient(string url)
        : this(new FanoutClientOptions { Url = url })
    {
    }

    internal FanoutClient(Settings settings, Turns turns, ISocketFactory? sockets)
    {
        _settings = settings;
        _turns = turns;
        _log = new LogQueue(settings.Options.LoggerFactory?.CreateLogger("Fanout.Client") ?? NullLogger.Instance, turns.Schedule);
        _host = new Host(this);
        _rooms = new RoomTable(name => new RoomCore(name, _host));
        turns.Failed = _host.HandlerFailed;
        _failedContext = new HandlerContext(_host.LogFailed);
        _connector = new Connector(settings, _host, sockets ?? new WebSocketFactory(settings.Options, turns, settings.Time), turns);
        _commands = new CommandTable(_connector, settings, turns);
        _outbox = new PublishOutbox(_connector, settings, turns, room => _rooms.Find(room) is not { IsEntering: true });
    }

    /// <summary>Where the client stands.</summary>
    public FanoutConnectionState State
    {
        get
        {
            using var turn = _turns.Take();
            return _connector.State;
        }
    }

    /// <summary>What the node said when it let us in; null without a connection.</summary>
    public FanoutConnectionInfo? Connection
    {
        get
        {
            using var turn = _turns.Take();
            return _connector.IsReady ? _info : null;
        }
    }

    /// <summary>Whether our node reaches the others; null without a connection.</summary>
    public FanoutBackplaneState? Backplane
    {
        get
        {
            using var turn = _turns.Take();
            return _connector.IsReady ? _backplane : null;
        }
    }

    /// <summary>Publishes that wait for their acknowledgement.</summary>
    public int BufferedPublishes
    {
        get
        {
            using var turn = _turns.Take();
            return _outbox.Count;
        }
    }

    /// <summary>Why the client is closed; null where it is not.</summary>
    public FanoutException? ClosedBecause
    {
        get
        {
            using var turn = _turns.Take();
            return _closedBecause;
        }
    }

    /// <summary>
    /// Connects, and from then on stays connected as far as it can. Completes with the first connection, however many attempts it takes; a
    /// cancellation ends the waiting, not the client. After the node has sent the client away, this tries again.
    /// </summary>
    /// <exception cref="FanoutException">The client was closed, or the node sends it away for good, such as <c>forbidden</c>.</exception>
    public async Task<FanoutConnectionInfo> ConnectAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var connected = new TaskCompletionSource<FanoutConnectionInfo>(TaskCreationOptions.RunContinuationsAsynchronously);
        using (_turns.Take())
        {
            if (_closedByUs)
                throw _closedBecause!;
            if (_connector.IsReady)
                return _info!;
            _connecting.Add(connected);
            if (_connector.State is FanoutConnectionState.Idle or FanoutConnectionState.Closed)
                Start();
        }

        try
        {
            return await connected.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            using var turn = _turns.Take();
            _connecting.Remove(connected);
        }
    }

    /// <summary>Completes when the client is in this state, at once where it is.</summary>
    public async Task WaitForStateAsync(FanoutConnectionState state, CancellationToken cancellationToken = default)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (_turns.Take())
        {
            if (_connector.State == state)
                return;
            _stateWaiters.Add((state, done));
        }

        try
        {
            await done.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            using var turn = _turns.Take();
            _stateWaiters.Remove((state, done));
        }
    }

    /// <summary>Completes when no publish waits for its acknowledgement any more, whether it came or the publish failed.</summary>
    public Task FlushAsync(CancellationToken cancellationToken = default)
    {
        using var turn = _turns.Take();
        return _outbox.WhenEmpty().WaitAsync(cancellationToken);
    }

    /// <summary>
    /// Ends for good: what still waits fails with <c>closed</c>, and no handler is called after it. Completes when the node has answered the
    /// good bye, or has not for 2 s. Call <see cref="FlushAsync"/> first if everything published should go out.
    /// </summary>
    public async Task CloseAsync(CancellationToken cancellationToken = default)
    {
        Task goodbye;
        using (_turns.Take())
        {
            _closedByUs = true;
            goodbye = _connector.Stop(new FanoutException(FanoutErrorCodes.Closed, "The client was closed."));
            // The node had sent us away before: nothing changes, but that it is final.
            _closedBecause ??= new FanoutException(FanoutErrorCodes.Closed, "The client was closed.");
        }

        await goodbye.WaitAsync(cancellationToken);
        try
        {
            await _turns.WhenToldAsync().WaitAsync(TimeSpan.FromSeconds(2), _settings.Time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // A handler takes its time, or waits for this very call.
        }
    }

    /// <summary>As <see cref="CloseAsync"/>.</summary>
    public async ValueTask DisposeAsync() => await CloseAsync();

    /// <summary>As <see cref="CloseAsync"/>, without waiting for the good bye.</summary>
    public void Dispose() => _ = CloseAsync();

    /// <summary>
    /// Looks at once whether the connection lives, and does not wait out a delay between attempts. For applications that know when a device
    /// woke up or has a network again; sleep of the machine is noticed without it.
    /// </summary>
    public void CheckConnection()
    {
        using var turn = _turns.Take();
        _connector.Wake();
    }

    /// <summary>
    /// Takes a new token of the provider now, such as after the user's rights have changed. Without a connection there is nothing to do: the
    /// next one asks anyway.
    /// </summary>
    /// <exception cref="FanoutException"><c>token_failed</c>, or what the node says to the token.</exception>
    public Task RefreshTokenAsync(CancellationToken cancellationToken = default)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var turn = _turns.Take();
        if (_host.ClosedForGood is { } closed)
            return Task.FromException(closed);
        if (!_connector.IsReady)
            return Task.CompletedTask;
        _connector.Renew(FanoutTokenReason.Refresh, SendToken, error =>
        {
            if (error is null)
                done.TrySetResult();
            else
                done.TrySetException(error);
        });
        return done.Task.WaitAsync(cancellationToken);
    }

    /// <summary>The room of this name, with payloads as they are on the wire. It is joined by what you do with it, not by this.</summary>
    /// <exception cref="FanoutException"><c>bad_room</c>: no room can have this name.</exception>
    public FanoutRoom<FanoutPayload> Room(string name, FanoutRoomOptions? options = null) => Room(name, RawSerializer.Instance, options);

    /// <summary>The room of this name, with payloads by <see cref="FanoutClientOptions.Json"/>.</summary>
    /// <exception cref="FanoutException"><c>bad_room</c>: no room can have this name.</exception>
    /// <exception cref="InvalidOperationException">There is no type info for <typeparamref name="T"/>.</exception>
    public FanoutRoom<T> Room<T>(string name, FanoutRoomOptions? options = null) => Room(name, SerializerFor<T>(), options);

    /// <summary>The room of this name, with payloads by this type info, such as of a source-generated context.</summary>
    /// <exception cref="FanoutException"><c>bad_room</c>: no room can have this name.</exception>
    public FanoutRoom<T> Room<T>(string name, JsonTypeInfo<T> typeInfo, FanoutRoomOptions? options = null) =>
        Room(name, new JsonTypeInfoSerializer<T>(typeInfo), options);

    /// <summary>The room of this name, with payloads by a serializer of yours.</summary>
    /// <exception cref="FanoutException"><c>bad_room</c>: no room can have this name.</exception>
    public FanoutRoom<T> Room<T>(string name, IFanoutSerializer<T> serializer, FanoutRoomOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        return new FanoutRoom<T>(Core(name, options), serializer);
    }

    /// <summary>The room that reaches all connections of this user; the node joins it by itself. The user is known from the first connection on.</summary>
    /// <exception cref="FanoutException"><c>unauthorized</c> before that, or for an anonymous client.</exception>
    public FanoutRoom<T> UserRoom<T>(JsonTypeInfo<T> typeInfo) => Room(UserRoomName(), typeInfo);

    /// <inheritdoc cref="UserRoom{T}(JsonTypeInfo{T})"/>
    public FanoutRoom<T> UserRoom<T>() => Room<T>(UserRoomName());

    /// <inheritdoc cref="UserRoom{T}(JsonTypeInfo{T})"/>
    public FanoutRoom<FanoutPayload> UserRoom() => Room(UserRoomName());

    /// <summary>Publishes without a room object; as <see cref="FanoutRoom{T}.PublishAsync"/>.</summary>
    public Task<FanoutPublished> PublishAsync(
        string room, FanoutPayload payload, FanoutPublishOptions? options = null, CancellationToken cancellationToken = default) =>
        ClientActivity.PublishAsync(_host, Checked(room), RawSerializer.Instance, payload, options, cancellationToken);

    /// <summary>Publishes without a room object; as <see cref="FanoutRoom{T}.PublishAsync"/>.</summary>
    public Task<FanoutPublished> PublishAsync<T>(
        string room, T payload, JsonTypeInfo<T> typeInfo, FanoutPublishOptions? options = null, CancellationToken cancellationToken = default) =>
        ClientActivity.PublishAsync(_host, Checked(room), new JsonTypeInfoSerializer<T>(typeInfo), payload, options, cancellationToken);

    internal IFanoutSerializer<T> SerializerFor<T>() =>
        typeof(T) == typeof(FanoutPayload) ? (IFanoutSerializer<T>)(object)RawSerializer.Instance : new JsonTypeInfoSerializer<T>(_settings.TypeInfo<T>());

    private static string Checked(string room)
    {
        ArgumentNullException.ThrowIfNull(room);
        return RoomName.IsValid(room)
            ? room
            : throw new FanoutException(FanoutErrorCodes.BadRoom, $"'{room}' is no room name: 1 to 128 of A-Z a-z 0-9 . _ : @ = -, or $ in front.") { Room = room };
    }

    private string UserRoomName()
    {
        using var turn = _turns.Take();
        return _info?.UserId is { } user && Fanout.Shared.Rooms.UserRoom.TryNameFor(user) is { } name
            ? name
            : throw new FanoutException(FanoutErrorCodes.Unauthorized, "There is no user: not connected yet, or without a token.");
    }

    private RoomCore Core(string name, FanoutRoomOptions? options)
    {
        Checked(name);
        using var turn = _turns.Take();
        var core = _rooms.Get(name);
        if (options is not null)
            core.Extend(options);
        return core;
    }

    private void Start()
    {
        _closedBecause = null;
        _commands.Reopen();
        _outbox.Reopen();
        foreach (var room in _rooms.All)
            room.Reopened();
        _connector.Start();
    }

    private void SendToken(string token, Action<Exception?> told) =>
        _commands.Call("refresh", id => Frames.Refresh(_settings.Format, id, token), Resend.Never, null, (answer, error) =>
        {
            if (answer is not null && _info is not null)
                _info = _info.Until(NodeMessages.ReadExpiry(answer.Payload));
            told(error);
        });
}
