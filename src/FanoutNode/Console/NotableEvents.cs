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
    private readonly Dictionary<(string Kind, string Level, string? Subject), (long Told, int Suppressed)> _recent = [];
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
            var now = time.GetTimestamp();
            if (_recent.TryGetValue((kind, level, subject), out var last) && time.GetElapsedTime(last.Told, now) < Pause && !IsTurn(kind))
            {
                _recent[(kind, level, subject)] = (last.Told, last.Suppressed + 1);
                return;
            }

            if (last.Suppressed > 0)
                text = string.Create(CultureInfo.InvariantCulture, $"{text} (and {last.Suppressed} more since the last time)");
            if (_recent.Count > Capacity)
                _recent.Clear();
            _recent[(kind, level, subject)] = (now, 0);
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
            Told(next);
        }

        return true;
    }

    // Each turn of these counts: told at once, or the page would go on showing the state before.
    private static bool IsTurn(string kind) => kind is OpsEventKind.BackplaneHealthy or OpsEventKind.BackplaneDegraded;

    private OpsEvent? Next()
    {
        lock (_gate)
            return _waiting.First?.Value;
    }

    private void Told(OpsEvent told)
    {
        lock (_gate)
        {
            _waiting.Remove(told);
            if (_waiting.Count == 0 && _some.Task.IsCompleted)
                _some = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
