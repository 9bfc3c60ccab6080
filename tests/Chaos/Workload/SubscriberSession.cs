using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Fanout.Tests.Chaos.Cluster;
using Fanout.Tests.Chaos.Recordings;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Sockets;

namespace Fanout.Tests.Chaos.Workload;

/// <summary>One connection of a subscriber. One loop reads and records; only <see cref="Cut"/> and <see cref="Stall"/> come from elsewhere.</summary>
/// <remarks>1 connect, half of the time with the rooms in the query -> 2 read and record -> 3 roam: leave and join again, or go -> 4 note the end.</remarks>
internal sealed class SubscriberSession(Subscriber owner, RoomSeat[] seats, RunClock clock, Oddities oddities, Random random) : IAsyncDisposable
{
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(3);

    // Nodes ping twice in this time: silence means that the node is stopped or gone.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(8);

    private static readonly TimeSpan DrainPatience = TimeSpan.FromMilliseconds(500);

    // By RFC 6455 and DESIGN.md 3.3: these would be a fault of the node, or tell a client that keeps the contract to stay away.
    private static readonly int[] NeverExpected = [1002, 1003, 1007, 1009, 1011, 4003, 4500, 4501, 4502, 4503, 4504];

    private readonly CancellationTokenSource _cut = new();
    private readonly ConcurrentDictionary<RoomSeat, Position?> _asked = new();
    private RawWebSocket? _socket;
    private TimeSpan _stalledUntil;
    private TimeSpan _nextMove;
    private volatile bool _isSettled;
    private int? _closeCode;
    private int _lastId;

    public NodeSlot? Slot { get; private set; }

    public string NodeName { get; private set; } = "";

    /// <summary>What the node closed it with; null as long as it has not.</summary>
    public int? CloseCode => _closeCode;

    public string? ClientId { get; private set; }

    /// <summary>Whether it is in all its rooms.</summary>
    public bool IsSeated => seats.All(seat => seat.IsIn);

    public IEnumerable<(string Room, Position? Position)> Positions => seats.Select(seat => (seat.Room.Name, seat.Position));

    public async Task<bool> TryConnectAsync(NodeSlot slot)
    {
        (Slot, NodeName) = (slot, slot.Name);
        var inQuery = random.Next(2) == 0;
        try
        {
            _socket = await RawWebSocket.ConnectAsync(slot.BaseUri, new RawWebSocketOptions
            {
                PathAndQuery = inQuery ? "/ws?rooms=" + Uri.EscapeDataString(string.Join(',', seats.Select(InQuery))) : "/ws",
                Subprotocols = [owner.UsesMessagePack ? TestClientOptions.Msgpack : TestClientOptions.Json],
                ReceiveBufferBytes = owner.IsSlow ? 4096 : null,
                Deadline = ConnectPatience,
            });
            _socket.EnsureAccepted();
        }
        catch (Exception e) when (IsEnd(e) || e is HandshakeRefusedException)
        {
            return false;
        }

        if (!inQuery)
        {
            foreach (var seat in seats)
                await TrySendJoinAsync(seat, random);
        }

        return true;
    }

    public async Task RunAsync(bool mayRoam, CancellationToken stop)
    {
        var ends = mayRoam ? clock.Now + TimeSpan.FromSeconds(random.Next(2, 25)) : TimeSpan.MaxValue;
        _nextMove = clock.Now + TimeSpan.FromSeconds(random.Next(1, 8));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, _cut.Token);
        if (mayRoam)
            _ = GoAsync(ends - clock.Now, either.Token);
        try
        {
            while (!either.IsCancellationRequested && _closeCode is null)
            {
                await StallAsync(either.Token);
                await OnFrameAsync(await _socket!.ReceiveFrameAsync(Silence));
                if (mayRoam && !_isSettled && clock.Now > _nextMove)
                    await MoveAsync();
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // Cut, or the node is gone: what was read counts, and the next session goes on from there.
        }
        catch (Exception e)
        {
            oddities.Add($"{owner.Name} at {NodeName}, {clock.Now.TotalSeconds:0.000} s: {e}");
        }

        // At the end of the run the subscriber is what it was: in its rooms.
        if (!stop.IsCancellationRequested)
            NoteEnd();
    }

    public void Cut()
    {
        _cut.Cancel();
        try
        {
            _socket?.Abort();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself in the meantime.
        }
    }

    public void Stall(TimeSpan time) => _stalledUntil = clock.Now + time;

    /// <summary>Stays from now on, and reads.</summary>
    public void SettleDown()
    {
        _isSettled = true;
        _stalledUntil = TimeSpan.Zero;
    }

    public async ValueTask DisposeAsync()
    {
        if (_socket is not null)
            await _socket.DisposeAsync();
    }

    private static bool IsEnd(Exception e) =>
        e is PeerClosedException or IOException or SocketException or ObjectDisposedException or TimeoutException or OperationCanceledException;

    private string InQuery(RoomSeat seat) => (_asked[seat] = seat.ChooseSince(random)) is { } since ? $"{seat.Room.Name};{since.Epoch};{since.Offset}" : seat.Room.Name;

    private async Task GoAsync(TimeSpan after, CancellationToken over)
    {
        await Task.Delay(after, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_isSettled)
            Cut();
    }

    private Task StallAsync(CancellationToken over)
    {
        var left = _stalledUntil - clock.Now;
        return left > TimeSpan.Zero ? Task.Delay(left, over) : Task.CompletedTask;
    }

    // Leaves a room and comes back to it on the same connection.
    private Task MoveAsync()
    {
        _nextMove = clock.Now + TimeSpan.FromSeconds(random.Next(1, 8));
        var seat = seats[random.Next(seats.Length)];
        if (!seat.IsIn || seat.IsLeaving)
            return Task.CompletedTask;
        seat.IsLeaving = true;
        return SendAsync(new JsonObject { ["type"] = "leave", ["id"] = NewId(), ["room"] = seat.Room.Name });
    }

    private async Task OnFrameAsync(WebSocketFrame frame)
    {
        switch (frame.Opcode)
        {
            case WebSocketOpcode.Ping:
                await _socket!.SendPongAsync(frame.Payload);
                break;
            case WebSocketOpcode.Close:
                _closeCode = RawWebSocketCode(frame);
                if (NeverExpected.Contains(_closeCode.Value))
                    oddities.Add($"{owner.Name} at {NodeName}, {clock.Now.TotalSeconds:0.000} s: closed with {_closeCode}");
                break;
            case WebSocketOpcode.Text or WebSocketOpcode.Binary:
                await OnMessageAsync(Inbound.Decode(frame, owner.UsesMessagePack));
                break;
        }
    }

    private async Task OnMessageAsync(Inbound message)
    {
        if (message.Type == "connected")
            ClientId = message.Payload.Text("clientId");
        if (message.Type == "drain")
            Obey(message);
        if (message.Room is null || seats.FirstOrDefault(seat => seat.Room.Name == message.Room) is not { } seat)
            return;
        switch (message.Type)
        {
            case "joined":
                seat.Position = message.PositionInPayload;
                seat.Events.Add(new Joined(clock.Now, _asked[seat], seat.Position, message.Payload.Flag("recovered") ?? false));
                seat.IsIn = true;
                break;
            case "message":
                Record(seat, message);
                break;
            case "reset":
                seat.Position = message.PositionInPayload!.Value;
                seat.Events.Add(new WasReset(clock.Now, seat.Position.Value));
                break;
            case "left":
                seat.Events.Add(new Left(clock.Now));
                (seat.IsIn, seat.IsLeaving) = (false, false);
                await TrySendJoinAsync(seat, random);
                break;
            case "error":
                OnError(seat, message);
                break;
        }
    }

    // Reconnects after the delay, should the node's close not have come by then.
    private void Obey(Inbound drain)
    {
        var after = drain.Payload.Integer("reconnectAfterMs") ?? throw new FormatException($"no reconnectAfterMs: {drain.Json.ToJsonString()}");
        owner.Drains.Add(new DrainNotice(NodeName, after, clock.Now));
        _ = CutAfterAsync(TimeSpan.FromMilliseconds(after) + DrainPatience);
    }

    private async Task CutAfterAsync(TimeSpan delay)
    {
        await Task.Delay(delay, _cut.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Cut();
    }

    private void Record(RoomSeat seat, Inbound message)
    {
        var offset = message.Json.Offset();
        var payload = message.Payload;
        seat.Events.Add(new Received(
            clock.Now, offset, message.Id ?? "", (int)(payload.Integer("p") ?? -1), (int)(payload.Integer("n") ?? -1)));
        if (offset is not null && seat.Position is { } position)
            seat.Position = position with { Offset = offset.Value };
    }

    private void OnError(RoomSeat seat, Inbound message)
    {
        if (message.Payload.Text("code") is not ("backplane_unavailable" or "timeout"))
            oddities.Add($"{owner.Name} at {NodeName}, {clock.Now.TotalSeconds:0.000} s: {message.Json.ToJsonString()}");
        seat.IsLeaving = false;
        _ = JoinLaterAsync(seat, new Random(random.Next()));
    }

    private async Task JoinLaterAsync(RoomSeat seat, Random own)
    {
        await Task.Delay(own.Next(100, 500), _cut.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // The seat belongs to the next session then.
        if (!_cut.IsCancellationRequested)
            await TrySendJoinAsync(seat, own);
    }

    private async Task TrySendJoinAsync(RoomSeat seat, Random random)
    {
        var join = new JsonObject { ["type"] = "join", ["id"] = NewId(), ["room"] = seat.Room.Name };
        if ((_asked[seat] = seat.ChooseSince(random)) is { } since)
            join["payload"] = new JsonObject { ["since"] = new JsonObject { ["epoch"] = since.Epoch, ["offset"] = since.Offset } };
        try
        {
            await SendAsync(join);
        }
        catch (Exception e) when (IsEnd(e))
        {
            // The reader sees the same end.
        }
    }

    private Task SendAsync(JsonObject message) => _socket!.SendAsync(Inbound.Encode(message, owner.UsesMessagePack));

    private string NewId() => $"q{Interlocked.Increment(ref _lastId)}";

    private static int RawWebSocketCode(WebSocketFrame frame) => frame.Payload.Length < 2 ? 1005 : (frame.Payload.Span[0] << 8) | frame.Payload.Span[1];

    private void NoteEnd()
    {
        _cut.Cancel();
        foreach (var seat in seats)
        {
            seat.Events.Add(new Ended(clock.Now, _closeCode));
            (seat.IsIn, seat.IsLeaving) = (false, false);
        }
    }
}
