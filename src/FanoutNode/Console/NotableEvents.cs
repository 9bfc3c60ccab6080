using System.Globalization;
using System.Text.Json;
using Fanout.Node.Backplane;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Console;

/// <summary>
/// Tells operators what happened, in <c>$ops.events</c>, whose history a console that is opened later reads. While the backplane is away events wait
/// here, the oldest giving way.
/// </summary>
/// <remarks>Thread-safe. <see cref="Add"/> only notes and returns: it is called from wherever something is logged.</remarks>
internal sealed class NotableEvents(NodeIdentity node, TimeProvider time)
{
    // What one node can have to tell in a long outage; a page shows some hundred.
    internal const int Capacity = 64;

    private const int MaxTextLength = 240;

    // Of one kind and subject: a fault that repeats is told again after so long, with how often it came meanwhile.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly LinkedList<OpsEvent> _waiting = [];
    private readonly Dictionary<(string Kind, string Level, string? Subject), Told> _recent = [];
    private readonly string _start = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(4));
    private TaskCompletionSource _some = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _count;

    /// <summary>Events that are not in the room yet, oldest first.</summary>
    public IReadOnlyList<OpsEvent> Waiting
    {
        get
        {
            lock (_gate)
                return [.. _waiting];
        }
    }

    /// <summary>Completes when an event waits.</summary>
    public Task Some
    {
        get
        {
            lock (_gate)
                return _some.Task;
        }
    }

    public void Add(string kind, string level, string text, string? subject = null)
    {
        lock (_gate)
        {
            if (IsPaced(kind))
            {
                Tell(kind, level, text, subject);
                return;
            }

            var key = (kind, level, subject);
            if (_recent.TryGetValue(key, out var told))
            {
                _recent[key] = told with { Held = told.Held + 1, Text = text };
                if (time.GetElapsedTime(told.At) >= Pause)
                    Settle(key);
                return;
            }

            if (_recent.Count >= Capacity)
                Settle(_recent.MinBy(entry => entry.Value.At).Key, forget: true);
            _recent[key] = new Told(time.GetTimestamp(), 0, text);
            Tell(kind, level, text, subject);
        }
    }

    /// <summary>Tells what was held back, as soon as its pause is over: nothing need happen again for it to be known.</summary>
    /// <param name="all">Whatever pause there is: nothing comes after this.</param>
    public void Settle(bool all = false)
    {
        lock (_gate)
        {
            foreach (var (key, told) in _recent.ToArray())
            {
                if (all || time.GetElapsedTime(told.At) >= Pause)
                    Settle(key);
            }
        }
    }

    /// <summary>Publishes what waits, in order.</summary>
    /// <returns>Whether everything is told.</returns>
    public async Task<bool> FlushAsync(IBackplane backplane, RoomPolicies policies, MessageIds ids)
    {
        while (Next() is { } next)
        {
            var payload = new Payload(WireFormat.Json, JsonSerializer.SerializeToUtf8Bytes(next, ConsoleJson.Default.OpsEvent));
            var id = ids.Next();
            var data = MessageCodec.Encode(new StoredMessage(id, next.At, null, null, payload));
            // With a key: one whose fate is unknown is tried again and stands there once.
            var result = await backplane.PublishAsync(new Publication(
                RoomName.OpsEvents, policies.For(RoomName.OpsEvents), id, data, new IdempotencyKey("ops", next.Id, next.Id)));
            if (result.Outcome is PublishOutcome.Unavailable or PublishOutcome.Unknown)
                return false;
            Done(next);
        }

        return true;
    }

    // Each turn of the backplane counts: told at once, or the page would go on showing the state before. What comes from counters has its own pace.
    private static bool IsPaced(string kind) => kind is OpsEventKind.BackplaneHealthy or OpsEventKind.BackplaneDegraded
        or OpsEventKind.SlowConsumers or OpsEventKind.Limit or OpsEventKind.Dropped or OpsEventKind.Reset;

    private void Settle((string Kind, string Level, string? Subject) key, bool forget = false)
    {
        var told = _recent[key];
        if (forget || told.Held == 0)
            _recent.Remove(key);
        else
            _recent[key] = new Told(time.GetTimestamp(), 0, told.Text);
        if (told.Held > 0)
            Tell(key.Kind, key.Level, told.Held == 1 ? told.Text : string.Create(CultureInfo.InvariantCulture, $"{told.Text} (and {told.Held - 1} more since the last time)"), key.Subject);
    }

    private void Tell(string kind, string level, string text, string? subject)
    {
        if (_waiting.Count >= Capacity)
            _waiting.RemoveFirst();
        _waiting.AddLast(new OpsEvent(
            string.Create(CultureInfo.InvariantCulture, $"{_start}-{++_count}"),
            time.GetUtcNow().ToUnixTimeMilliseconds(),
            node.Id,
            node.Name,
            kind,
            level,
            text.Length > MaxTextLength ? text[..MaxTextLength] + "…" : text,
            subject));
        _some.TrySetResult();
    }

    private OpsEvent? Next()
    {
        lock (_gate)
            return _waiting.First?.Value;
    }

    private void Done(OpsEvent told)
    {
        lock (_gate)
        {
            _waiting.Remove(told);
            if (_waiting.Count == 0 && _some.Task.IsCompleted)
                _some = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <param name="At">Timestamp of when it was told last.</param>
    /// <param name="Held">How often it came since.</param>
    /// <param name="Text">What it said last.</param>
    private readonly record struct Told(long At, int Held, string Text);
}
