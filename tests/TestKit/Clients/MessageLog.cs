namespace Fanout.Tests.TestKit.Clients;

/// <summary>
/// Everything that a client received, in order, and those who wait for some of it. A message is consumed by at most one expectation;
/// the log itself keeps all. Thread-safe; predicates run under its lock and must not call back.
/// </summary>
internal sealed class MessageLog
{
    private readonly Lock _lock = new();
    private readonly List<ReceivedMessage> _all = [];
    private readonly LinkedList<ReceivedMessage> _unconsumed = [];
    private readonly List<Waiter> _waiters = [];
    private Exception? _end;

    public void Add(ReceivedMessage message)
    {
        lock (_lock)
        {
            _all.Add(message);
            if (!_waiters.Any(waiter => waiter.Consumes && waiter.Offer(message)))
                _unconsumed.AddLast(message);
            foreach (var waiter in _waiters)
                waiter.Count(message);
            _waiters.RemoveAll(waiter => waiter.Done);
        }
    }

    /// <summary>No message will follow; who waits, or will wait, for one gets this exception.</summary>
    public void End(Exception reason)
    {
        lock (_lock)
        {
            _end = reason;
            foreach (var waiter in _waiters)
                waiter.Fail(reason);
            _waiters.Clear();
        }
    }

    /// <summary>Consumes the first message, come already or yet to come, that fits.</summary>
    public Task<ReceivedMessage> ConsumeAsync(Func<ReceivedMessage, bool> wanted, string what, TimeSpan? deadline, Func<string> context)
    {
        lock (_lock)
        {
            for (var node = _unconsumed.First; node is not null; node = node.Next)
            {
                if (!wanted(node.Value))
                    continue;
                _unconsumed.Remove(node);
                return Task.FromResult(node.Value);
            }

            return ConsumeNextAsync(wanted, what, deadline, context);
        }
    }

    /// <summary>Consumes the first message that fits of those to come. It is waited for as soon as this returns, awaited or not.</summary>
    public Task<ReceivedMessage> ConsumeNextAsync(Func<ReceivedMessage, bool> wanted, string what, TimeSpan? deadline, Func<string> context)
    {
        var waiter = new Waiter(wanted, count: 0);
        lock (_lock)
            AddLocked(waiter);
        return AwaitAsync(waiter, what, deadline, context);
    }

    /// <summary>Completes once that many messages have come that fit, consumed or not.</summary>
    public async Task<IReadOnlyList<ReceivedMessage>> CountAsync(
        Func<ReceivedMessage, bool> wanted, int count, string what, TimeSpan? deadline, Func<string> context)
    {
        Waiter waiter;
        lock (_lock)
        {
            var present = _all.Where(wanted).ToList();
            if (present.Count >= count)
                return present;
            waiter = new Waiter(wanted, count - present.Count);
            AddLocked(waiter);
        }

        await AwaitAsync(waiter, what, deadline, context);
        return Snapshot(wanted);
    }

    public IReadOnlyList<ReceivedMessage> Snapshot(Func<ReceivedMessage, bool>? wanted = null)
    {
        lock (_lock)
            return wanted is null ? [.. _all] : [.. _all.Where(wanted)];
    }

    public IReadOnlyList<ReceivedMessage> Unconsumed()
    {
        lock (_lock)
            return [.. _unconsumed];
    }

    private void AddLocked(Waiter waiter)
    {
        if (_end is { } reason)
            waiter.Fail(reason);
        else
            _waiters.Add(waiter);
    }

    private async Task<ReceivedMessage> AwaitAsync(Waiter waiter, string what, TimeSpan? deadline, Func<string> context)
    {
        try
        {
            return await waiter.Task.WithDeadline(what, deadline, context);
        }
        catch (TimeoutException)
        {
            // So that it does not swallow a message that comes later.
            lock (_lock)
                _waiters.Remove(waiter);
            if (waiter.Task.IsCompletedSuccessfully)
                return await waiter.Task;
            throw;
        }
        catch (ConnectionEndedException e)
        {
            throw new ConnectionEndedException(e.Close, $"{e.Message}, while waiting for: {what}{Environment.NewLine}{context()}", e);
        }
    }

    /// <summary>One awaiter: of a message to consume (count 0), or of so many messages more.</summary>
    private sealed class Waiter(Func<ReceivedMessage, bool> wanted, int count)
    {
        private readonly TaskCompletionSource<ReceivedMessage> _found = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _left = count;

        public bool Consumes { get; } = count == 0;

        public bool Done => _found.Task.IsCompleted;

        public Task<ReceivedMessage> Task => _found.Task;

        public void Fail(Exception reason) => _found.TrySetException(reason);

        public bool Offer(ReceivedMessage message)
        {
            try
            {
                return !Done && wanted(message) && _found.TrySetResult(message);
            }
            catch (Exception e)
            {
                // A predicate that stumbles over a message is the test's fault, and must not stop the pump.
                Fail(e);
                return false;
            }
        }

        public void Count(ReceivedMessage message)
        {
            if (!Consumes && !Done && wanted(message) && --_left == 0)
                _found.TrySetResult(message);
        }
    }
}
