using System.Collections.Concurrent;
using System.Security.Cryptography;
using Fanout.Node.Backplane;

namespace Fanout.Node.Control;

/// <summary>What became of an order.</summary>
/// <param name="Closed">Connections that were closed, on all nodes that answered.</param>
/// <param name="IsComplete">Whether every node that heard it has answered.</param>
/// <param name="Found">The connection that was looked for.</param>
internal readonly record struct OrderResult(int Closed, bool IsComplete, FoundConnection? Found = null);

/// <summary>Sends orders to all nodes and gathers their answers; carries out orders that come.</summary>
internal sealed partial class OrderDesk(
    IBackplane backplane, Disconnector disconnector, ConnectionLookup lookup, RevocationSync revocations, TimeProvider time, ILogger<OrderDesk> logger)
{
    // A node answers at once; one that does not is stopped or cut off, and reads the list when it comes back.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, Pending> _pending = new();

    /// <summary>Somebody watches: all nodes report for a while (<see cref="ControlOrder.Watch"/>). Raised on the backplane's read loop.</summary>
    public event Action? WatchOrdered;

    /// <exception cref="BackplaneUnavailableException">The order was not sent.</exception>
    public Task<OrderResult> DisconnectConnectionAsync(string clientId) => SendAsync(New(ControlOrder.Disconnect) with { Connection = clientId });

    /// <summary>Asks all nodes for a connection; the first that has it ends the search.</summary>
    /// <exception cref="BackplaneUnavailableException">Nobody could be asked.</exception>
    public Task<OrderResult> FindConnectionAsync(string clientId) => SendAsync(New(ControlOrder.Find) with { Connection = clientId });

    /// <summary>Closes all connections of a user and keeps it out for so long; zero: only closes them.</summary>
    /// <exception cref="BackplaneUnavailableException">The order was not stored, or not sent.</exception>
    public async Task<OrderResult> DisconnectUserAsync(string user, TimeSpan revokeFor)
    {
        if (revokeFor <= TimeSpan.Zero)
            return await SendAsync(New(ControlOrder.Disconnect) with { User = user });
        await backplane.Revocations.AddAsync(user, revokeFor);
        return await SendAsync(New(ControlOrder.Revoke) with { User = user });
    }

    /// <summary>Lets a user in again.</summary>
    /// <exception cref="BackplaneUnavailableException">It was not stored, or not sent.</exception>
    public async Task LiftAsync(string user)
    {
        await backplane.Revocations.LiftAsync(user);
        await SendAsync(New(ControlOrder.Lift) with { User = user });
    }

    /// <summary>Something came on the control channel. Returns at once.</summary>
    public void OnControl(ReadOnlySpan<byte> bytes)
    {
        if (ControlOrder.Read(bytes) is not { } order)
            return;
        if (order.Type == ControlOrder.Done)
        {
            if (_pending.TryGetValue(order.Id, out var pending))
                pending.Answered(order.Closed ?? 0, order.Found);
        }
        else if (order.Type == ControlOrder.Watch)
        {
            WatchOrdered?.Invoke();
        }
        else
        {
            _ = Task.Run(() => CarryOutAsync(order));
        }
    }

    private async Task CarryOutAsync(ControlOrder order)
    {
        try
        {
            if (order is { Type: ControlOrder.Find, Connection: { } wanted })
            {
                await backplane.Control.SendAsync(new ControlOrder(ControlOrder.Done, order.Id, Found: lookup.Find(wanted)).ToBytes());
                return;
            }

            int? closed = order.Type switch
            {
                ControlOrder.Disconnect when order.User is { } user => disconnector.CloseUser(user),
                ControlOrder.Disconnect when order.Connection is { } connection => disconnector.CloseConnection(connection),
                ControlOrder.Revoke or ControlOrder.Lift => await revocations.ReadAsync(),
                _ => null,
            };
            if (closed is null)
                return;
            if (closed > 0)
                LogClosed(logger, closed.Value);
            await backplane.Control.SendAsync(new ControlOrder(ControlOrder.Done, order.Id, Closed: closed).ToBytes());
        }
        catch (BackplaneUnavailableException)
        {
            // The sender learns of it by the missing answer; a revocation is read again as soon as the backplane is back.
            revocations.Request();
        }
        catch (Exception e)
        {
            LogFailed(logger, e, order.Type);
        }
    }

    private async Task<OrderResult> SendAsync(ControlOrder order)
    {
        var pending = new Pending();
        _pending[order.Id] = pending;
        try
        {
            pending.Expect(await backplane.Control.SendAsync(order.ToBytes()));
            await pending.All.WaitAsync(Patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return pending.Result;
        }
        finally
        {
            _pending.TryRemove(order.Id, out _);
        }
    }

    private static ControlOrder New(string type) => new(type, RandomNumberGenerator.GetHexString(16, lowercase: true));

    /// <summary>An order that waits for its answers; they may come before it is known how many there will be.</summary>
    private sealed class Pending
    {
        private readonly Lock _gate = new();
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _expected = -1;
        private long _answers;
        private int _closed;
        private FoundConnection? _found;

        public Task All => _all.Task;

        public OrderResult Result
        {
            get
            {
                lock (_gate)
                    return new OrderResult(_closed, _answers >= _expected, _found);
            }
        }

        public void Expect(long nodes)
        {
            lock (_gate)
            {
                _expected = nodes;
                CompleteIfAll();
            }
        }

        public void Answered(int closed, FoundConnection? found)
        {
            lock (_gate)
            {
                _answers++;
                _closed += closed;
                _found ??= found;
                CompleteIfAll();
            }
        }

        private void CompleteIfAll()
        {
            // Two nodes never have the same connection.
            if (_found is not null || (_expected >= 0 && _answers >= _expected))
                _all.TrySetResult();
        }
    }

    [LoggerMessage(1512, LogLevel.Information, "{Connections} connections were closed by an operator", EventName = "ClosedByOperator")]
    private static partial void LogClosed(ILogger logger, int connections);

    [LoggerMessage(1513, LogLevel.Error, "The order '{Type}' could not be carried out", EventName = "OrderFailed")]
    private static partial void LogFailed(ILogger logger, Exception exception, string type);
}
