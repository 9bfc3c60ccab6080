using System.Globalization;
using Fanout.Node.Rooms;
using Fanout.Node.Webhooks;

namespace Fanout.Node.Backplane.Memory;

/// <summary>The queue of one process: the same steps as the scripts <c>webhook_*.lua</c>; what it holds ends with the process.</summary>
/// <remarks>Thread-safe. Its lock is taken under a room's, never the other way round.</remarks>
internal sealed class MemoryWebhookQueue(WebhookPlan plan, MemoryBroker broker, RoomPolicies policies, TimeProvider time) : IWebhookQueue
{
    private const int MarksAtOnce = 200;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Room, bool IsEntered), DateTimeOffset> _due = [];
    private readonly HashSet<string> _occupied = [];
    private readonly List<QueuedEvent> _events = [];
    private readonly List<(DeadLetter Letter, QueuedEvent Event)> _dead = [];
    private readonly Dictionary<string, Receiver> _receivers = plan.Endpoints.ToDictionary(endpoint => endpoint.Name, _ => new Receiver());
    private long _last;
    private long _lastDead;
    private long _added;

    /// <summary>Marks a room that may have got its first member, or lost its last one.</summary>
    public void OnOccupancy(string room, bool isOccupied)
    {
        if (!plan.WantsOccupancy(room))
            return;
        lock (_gate)
            _due[(room, isOccupied)] = time.GetUtcNow() + (isOccupied ? TimeSpan.Zero : plan.DelayOf(room));
    }

    /// <summary>A member came or went.</summary>
    /// <param name="replaces">Whose place it took, or who took its place.</param>
    public void OnMember(string room, RoomMember member, bool hasJoined, string? replaces = null)
    {
        var type = hasJoined ? WebhookEvents.MemberJoined : WebhookEvents.MemberLeft;
        if (!policies.For(room).Presence || !plan.Wants(type, room))
            return;
        lock (_gate)
            AddLocked(type, room, null, WebhookEvents.WriteMember(type, room, member, time.GetUtcNow(), replaces));
    }

    public ValueTask<WebhookCollection> CollectAsync()
    {
        List<(string Room, bool IsEntered)> due;
        lock (_gate)
        {
            var now = time.GetUtcNow();
            due = [.. _due.Where(mark => mark.Value <= now).Select(mark => mark.Key).Take(MarksAtOnce)];
            foreach (var mark in due)
                _due.Remove(mark);
        }

        foreach (var (room, isEntered) in due)
        {
            var isOccupied = broker.With(room, static found => found.Members.Count > 0);
            if (isOccupied == isEntered)
                Announce(room, isOccupied);
        }

        lock (_gate)
        {
            var added = _added;
            _added = 0;
            return ValueTask.FromResult(new WebhookCollection(true, due.Count == MarksAtOnce, added, 0));
        }
    }

    // Nothing here loses entries.
    public ValueTask SweepAsync(CancellationToken cancellation) => ValueTask.CompletedTask;

    public ValueTask<WebhookTurn> TakeAsync(WebhookEndpoint endpoint, int most)
    {
        lock (_gate)
        {
            var receiver = _receivers[endpoint.Name];
            if (receiver.RetryAt - time.GetUtcNow() is { } wait && wait > TimeSpan.Zero)
                return ValueTask.FromResult(WebhookTurn.Waiting(wait));
            var lost = _events.Count > 0 ? _events[0].Number - receiver.Cursor - 1 : 0;
            if (lost > 0)
            {
                receiver.Cursor += lost;
                receiver.Lost += lost;
            }

            // What was tried before has fallen out of the queue.
            if (receiver.Cursor >= receiver.Last)
                (receiver.Attempts, receiver.Refusals, receiver.Last) = (0, 0, 0);
            var skip = _events.Count > 0 ? (int)(receiver.Cursor + 1 - _events[0].Number) : 0;
            // What was tried before, and nothing that has come since: that would count as tried as often.
            var next = _events.Skip(skip).Take(most).TakeWhile(item => receiver.Last == 0 || item.Number <= receiver.Last);
            return ValueTask.FromResult(new WebhookTurn(true, TimeSpan.Zero, receiver.Cursor, receiver.Attempts, receiver.Refusals, Math.Max(0, lost), [.. next]));
        }
    }

    public ValueTask<bool> FinishAsync(WebhookEndpoint endpoint, WebhookTurn turn, int sent, IReadOnlyList<QueuedEvent> dead, string error)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            var receiver = _receivers[endpoint.Name];
            foreach (var item in dead)
                BuryLocked(new DeadLetter((++_lastDead).ToString("D10", CultureInfo.InvariantCulture), endpoint.Name, turn.Attempts + 1, error, now, item.Json), item);
            if (dead.Count > 0)
                (receiver.Error, receiver.ErrorAt) = (error, now);
            receiver.Dead += dead.Count;
            receiver.Sent += sent;
            receiver.Cursor = turn.Events[^1].Number;
            (receiver.Attempts, receiver.Refusals, receiver.Last, receiver.Since, receiver.RetryAt) = (0, 0, 0, null, null);
            var done = _receivers.Values.Min(each => each.Cursor);
            _events.RemoveRange(0, (int)Math.Clamp(_events.Count > 0 ? done + 1 - _events[0].Number : 0, 0, _events.Count));
            return ValueTask.FromResult(true);
        }
    }

    public ValueTask FailAsync(WebhookEndpoint endpoint, WebhookTurn turn, TimeSpan retryIn, bool isRefusal, string error)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            var receiver = _receivers[endpoint.Name];
            receiver.Attempts++;
            receiver.Refusals += isRefusal ? 1 : 0;
            receiver.Last = turn.Events[^1].Number;
            receiver.Since ??= now;
            (receiver.RetryAt, receiver.Error, receiver.ErrorAt) = (now + retryIn, error, now);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask ReleaseAsync() => ValueTask.CompletedTask;

    public ValueTask<IReadOnlyList<WebhookState>> StatesAsync()
    {
        lock (_gate)
        {
            return ValueTask.FromResult<IReadOnlyList<WebhookState>>([.. _receivers.Select(pair => new WebhookState(
                pair.Key,
                _last - pair.Value.Cursor,
                pair.Value.Attempts,
                pair.Value.Since,
                pair.Value.Error,
                pair.Value.ErrorAt,
                pair.Value.Sent,
                pair.Value.Dead,
                pair.Value.Lost))]);
        }
    }

    public ValueTask<Page<DeadLetter>> DeadLettersAsync(string? after, int limit)
    {
        lock (_gate)
            return ValueTask.FromResult(Paging.Cut(_dead.Select(dead => dead.Letter), letter => letter.Id, after, limit));
    }

    public ValueTask<WebhookReplay> ReplayAsync(IReadOnlyCollection<string> endpoints)
    {
        lock (_gate)
        {
            var room = Math.Max(0, plan.Queue.MaxEvents - _events.Count);
            var wanted = _dead.Where(dead => endpoints.Contains(dead.Letter.Endpoint)).Take(room + 1).ToList();
            var back = wanted.Take(room).ToHashSet();
            // In one go: joins and leaves wait for this lock.
            _dead.RemoveAll(back.Contains);
            foreach (var dead in wanted.Take(room))
                AddLocked(dead.Event.Type, dead.Event.Room, dead.Letter.Endpoint, dead.Event.Json);
            return ValueTask.FromResult(new WebhookReplay(back.Count, wanted.Count > room));
        }
    }

    private void Announce(string room, bool isOccupied)
    {
        lock (_gate)
        {
            if (!(isOccupied ? _occupied.Add(room) : _occupied.Remove(room)))
                return;
            var type = WebhookEvents.OfOccupancy(room, isOccupied);
            if (plan.Wants(type, room))
                AddLocked(type, room, null, WebhookEvents.WriteOccupancy(type, room, time.GetUtcNow()));
        }
    }

    private void AddLocked(string type, string room, string? target, ReadOnlyMemory<byte> json)
    {
        _events.Add(new QueuedEvent(++_last, type, room, target, json));
        _added++;
        if (_events.Count > plan.Queue.MaxEvents)
            _events.RemoveAt(0);
    }

    private void BuryLocked(DeadLetter letter, QueuedEvent item)
    {
        _dead.Add((letter, item));
        if (_dead.Count > plan.Queue.MaxDeadLetters)
            _dead.RemoveAt(0);
    }

    private sealed class Receiver
    {
        public long Cursor { get; set; }

        public int Attempts { get; set; }

        public int Refusals { get; set; }

        /// <summary>The last event of those that failed; 0: none has.</summary>
        public long Last { get; set; }

        public DateTimeOffset? RetryAt { get; set; }

        public DateTimeOffset? Since { get; set; }

        public string? Error { get; set; }

        public DateTimeOffset? ErrorAt { get; set; }

        public long Sent { get; set; }

        public long Dead { get; set; }

        public long Lost { get; set; }
    }
}
