using System.Globalization;
using System.Security.Cryptography;
using Fanout.Client.Commands;
using Fanout.Client.Threading;
using Fanout.Client.Wire;
using Fanout.Shared.Protocol;

namespace Fanout.Client.Outbox;

/// <summary>
/// Publishes, from the call to the acknowledgement. One is in flight for each room, so that the order holds over refusals and lost
/// connections. Used in turns.
/// </summary>
/// <param name="isOpen">Whether the room may be published to now: a room that is being joined waits, so that one's own message comes back.</param>
internal sealed class PublishOutbox(ILine line, Settings settings, Turns turns, Func<string, bool> isOpen)
{
    /// <summary>Keys live for 15 minutes (docs/protocol.md, section 11); a minute is kept back for clocks and the way.</summary>
    private static readonly TimeSpan KeyLifetime = TimeSpan.FromMinutes(14);

    /// <summary>A publish that was in flight at so many ends of connections in a row is taken for their cause.</summary>
    private const int MaxLostConnections = 10;

    private readonly Dictionary<string, RoomQueue> _rooms = [];
    private readonly Dictionary<string, OutboxEntry> _inFlight = [];
    private TaskCompletionSource? _whenEmpty;
    private long _count;
    private long _maxMessageBytes;
    private FanoutException? _closed;

    /// <summary>Publishes without an acknowledgement.</summary>
    public int Count { get; private set; }

    public Task<FanoutPublished> Publish(
        string room, FanoutPayload payload, FanoutPublishOptions options, string? traceparent, CancellationToken cancellation)
    {
        if (_closed is not null)
            return Failed(_closed);
        if (cancellation.IsCancellationRequested)
            return Task.FromCanceled<FanoutPublished>(cancellation);
        var key = options.Key ?? RandomNumberGenerator.GetHexString(32, lowercase: true);
        if (key.Length is 0 or > ProtocolLimits.MaxKeyLength)
            return Failed(new FanoutException(FanoutErrorCodes.BadMessage, "A key has 1 to 128 characters.") { Room = room });
        if (Count >= settings.Options.MaxBufferedPublishes)
        {
            return Failed(new FanoutException(
                FanoutErrorCodes.BufferFull, $"{Count} publishes are waiting; no more may (MaxBufferedPublishes).")
            { IsRetryable = true, Room = room });
        }

        var id = string.Create(CultureInfo.InvariantCulture, $"p{++_count}");
        var frame = Frames.Publish(settings.Format, id, room, key, options.Echo, traceparent, payload.In(settings.Options.Format).ToWire());
        var entry = new OutboxEntry(id, room, frame, settings.NewBackoff(), settings.NewTimer(turns));
        Add(entry);
        if (cancellation.CanBeCanceled)
        {
            entry.Cancellation = cancellation.UnsafeRegister(
                (state, token) =>
                {
                    using var turn = turns.Take();
                    Abandon((OutboxEntry)state!, new OperationCanceledException(token));
                },
                entry);
        }

        if (options.Timeout is { } timeout && timeout != Timeout.InfiniteTimeSpan)
        {
            entry.Timer.Set(timeout, () => Abandon(entry, new FanoutException(
                FanoutErrorCodes.Timeout, $"The publish was not acknowledged within {timeout}.")
            { IsRetryable = true, Room = room }));
        }

        Pump(room);
        return entry.Task;
    }

    /// <summary>When nothing waits any more.</summary>
    public Task WhenEmpty()
    {
        if (Count == 0)
            return Task.CompletedTask;
        _whenEmpty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _whenEmpty.Task;
    }

    /// <summary>Whether the message answers one of ours.</summary>
    public bool Answered(Inbound message)
    {
        if (message.Id is null || !_inFlight.TryGetValue(message.Id, out var entry))
            return false;
        Landed(entry);
        if (message.Type == MessageTypes.Error)
        {
            Refused(entry, NodeMessages.ReadRefusal(message.Payload, entry.Room));
        }
        else
        {
            Remove(entry);
            try
            {
                entry.Succeed(NodeMessages.ReadPublished(message, entry.Room));
            }
            catch (Exception e)
            {
                entry.Fail(NodeMessages.Unreadable(e, entry.Room));
            }
        }

        Pump(entry.Room);
        return true;
    }

    public void Connected(long maxMessageBytes)
    {
        _maxMessageBytes = maxMessageBytes;
        foreach (var (room, queue) in _rooms.ToArray())
        {
            // A pause was for the old node's refusal.
            queue.Pause.Clear();
            Pump(room);
        }
    }

    /// <summary>Sends what waits for this room, if it may go.</summary>
    public void Opened(string room) => Pump(room);

    public void Lost()
    {
        foreach (var entry in _inFlight.Values.ToArray())
        {
            Landed(entry);
            if (entry.IsAbandoned)
            {
                // Its caller has left, and whether it happened will never be known.
                Remove(entry);
            }
            else if (++entry.LostConnections >= MaxLostConnections)
            {
                Remove(entry);
                entry.Fail(new FanoutException(
                    FanoutErrorCodes.ConnectionLost,
                    $"{MaxLostConnections} connections ended under this publish: not sent again. It may have happened.")
                { Room = entry.Room });
            }
        }
    }

    /// <summary>The largest of those in flight.</summary>
    public Suspect? Largest() =>
        _inFlight.Values.MaxBy(entry => entry.Frame.Length) is { } largest
            ? new Suspect(largest.Frame.Length, error =>
            {
                Landed(largest);
                Remove(largest);
                largest.Fail(error);
            })
            : null;

    public void Close(FanoutException error)
    {
        _closed = error;
        _inFlight.Clear();
        foreach (var entry in _rooms.Values.SelectMany(queue => queue.Entries).ToArray())
        {
            Remove(entry);
            entry.Fail(error);
        }
    }

    public void Reopen() => _closed = null;

    private static Task<FanoutPublished> Failed(FanoutException error) => Task.FromException<FanoutPublished>(error);

    private void Abandon(OutboxEntry entry, Exception error)
    {
        entry.IsAbandoned = entry.InFlight;
        if (!entry.InFlight)
            Remove(entry);
        entry.Fail(error);
        Pump(entry.Room);
    }

    private void Pump(string room)
    {
        while (_rooms.TryGetValue(room, out var queue) && !queue.Pause.IsSet && line.IsReady && isOpen(room))
        {
            var entry = queue.Entries.First!.Value;
            if (entry.InFlight)
                return;
            var now = settings.Time.GetUtcNow();
            if (Hopeless(entry, now) is { } refusal)
            {
                Remove(entry);
                entry.Fail(refusal);
                continue;
            }

            entry.InFlight = true;
            entry.FirstSentAt ??= now;
            _inFlight.Add(entry.Id, entry);
            line.Send(entry.Frame);
            return;
        }
    }

    private FanoutException? Hopeless(OutboxEntry entry, DateTimeOffset now)
    {
        if (_maxMessageBytes > 0 && entry.Frame.Length > _maxMessageBytes)
        {
            return new FanoutException(
                FanoutErrorCodes.TooLarge, $"The publish has {entry.Frame.Length} bytes; the node takes {_maxMessageBytes}.")
            { Room = entry.Room };
        }

        if (entry.FirstSentAt is { } sent && now - sent > KeyLifetime)
        {
            return new FanoutException(
                FanoutErrorCodes.Timeout, "The answer was lost for longer than the key lives: it may have happened.")
            { Room = entry.Room };
        }

        return null;
    }

    private void Refused(OutboxEntry entry, FanoutException error)
    {
        var now = settings.Time.GetUtcNow();
        entry.FirstRefusedAt ??= now;
        if (entry.IsAbandoned || !error.IsRetryable || now - entry.FirstRefusedAt >= settings.Options.PublishRetry)
        {
            Remove(entry);
            entry.Fail(error);
            return;
        }

        var delay = entry.Backoff.Next();
        if (error.RetryAfter > delay)
            delay = error.RetryAfter.Value;
        _rooms[entry.Room].Pause.Set(delay, () => Pump(entry.Room));
    }

    private void Landed(OutboxEntry entry)
    {
        entry.InFlight = false;
        _inFlight.Remove(entry.Id);
    }

    private void Add(OutboxEntry entry)
    {
        if (!_rooms.TryGetValue(entry.Room, out var queue))
            _rooms.Add(entry.Room, queue = new RoomQueue(settings.NewTimer(turns)));
        queue.Entries.AddLast(entry);
        Count++;
    }

    private void Remove(OutboxEntry entry)
    {
        if (!_rooms.TryGetValue(entry.Room, out var queue))
            return;
        // The pause belonged to the first in the queue.
        if (queue.Entries.First?.Value == entry)
            queue.Pause.Clear();
        if (!queue.Entries.Remove(entry))
            return;
        Count--;
        if (queue.Entries.Count == 0)
            _rooms.Remove(entry.Room);
        if (Count > 0)
            return;
        _whenEmpty?.TrySetResult();
        _whenEmpty = null;
    }

    private sealed class RoomQueue(ClientTimer pause)
    {
        public LinkedList<OutboxEntry> Entries { get; } = [];

        /// <summary>The node refused the first for the moment.</summary>
        public ClientTimer Pause { get; } = pause;
    }
}
