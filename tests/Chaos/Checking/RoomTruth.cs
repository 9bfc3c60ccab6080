using Fanout.Tests.Chaos.Recordings;

namespace Fanout.Tests.Chaos.Checking;

/// <summary>
/// What really happened in one room, as far as acknowledgements and receptions tell; and what in them contradicts itself: an offset with
/// two messages, a message at two offsets, an epoch without a cause.
/// </summary>
internal sealed class RoomTruth
{
    private static readonly Dictionary<long, StoredMessage> NoMessages = [];

    private readonly RoomRules _rules;
    private readonly Dictionary<(int Publisher, int Number), PublishRecord> _publishes;
    private readonly Dictionary<string, Dictionary<long, StoredMessage>> _messages = [];
    private readonly Dictionary<string, TimeSpan> _firstSeen = [];
    private readonly Dictionary<string, EpochLog> _logs = [];
    private readonly Action<Violation> _report;
    private readonly int _publisherCount;
    private readonly IReadOnlyList<Outage> _outages;
    private string[] _order = [];

    public RoomTruth(RoomRules rules, Recording recording, Action<Violation> report)
    {
        (_rules, _report, _outages) = (rules, report, recording.Outages);
        _publishes = recording.Publishes.Where(publish => publish.Room == rules.Name)
            .ToDictionary(publish => (publish.Publisher, publish.Number));
        _publisherCount = _publishes.Keys.DistinctBy(publish => publish.Publisher).Count();
        if (rules.Kind == RoomKind.Live)
            return;
        Gather(recording);
        CheckEpochs(recording.Outages);
        foreach (var (epoch, messages) in _messages)
            CheckPublishers(epoch, messages);
    }

    public EpochLog Log(string epoch)
    {
        if (!_logs.TryGetValue(epoch, out var log))
            _logs[epoch] = log = new EpochLog(_rules, _messages.GetValueOrDefault(epoch) ?? NoMessages, _publisherCount, _outages);
        return log;
    }

    /// <summary>Whether an epoch was first heard of before another.</summary>
    public bool IsOlder(string epoch, string than) => Array.IndexOf(_order, epoch) < Array.IndexOf(_order, than);

    public bool WasPublished(int publisher, int number) => _publishes.ContainsKey((publisher, number));

    private void Gather(Recording recording)
    {
        foreach (var publish in _publishes.Values)
        {
            if (publish.Ack is { Position: { } position } ack)
                Note(position, ack.MessageId, publish.Publisher, publish.Number, ack.At, $"publisher {publish.Publisher} in {_rules.Name}");
        }

        foreach (var track in recording.Tracks.Where(track => track.Room == _rules.Name))
            Gather(track);
        _order = [.. _firstSeen.OrderBy(epoch => epoch.Value).Select(epoch => epoch.Key)];
    }

    private void Gather(Track track)
    {
        string? epoch = null;
        foreach (var happening in track.Events)
        {
            epoch = happening switch
            {
                Joined { Position: { } position } => Seen(position.Epoch, happening.At),
                WasReset reset => Seen(reset.Position.Epoch, happening.At),
                Ended or Left => null,
                _ => epoch,
            };
            if (epoch is not null && happening is Received { Offset: { } offset } received)
                Note(new Position(epoch, offset), received.Id, received.Publisher, received.Number, received.At, track.ToString());
        }
    }

    private string Seen(string epoch, TimeSpan at)
    {
        if (!_firstSeen.TryGetValue(epoch, out var before) || at < before)
            _firstSeen[epoch] = at;
        return epoch;
    }

    private void Note(Position position, string id, int publisher, int number, TimeSpan at, string where)
    {
        Seen(position.Epoch, at);
        if (!_publishes.TryGetValue((publisher, number), out var publish))
        {
            _report(new Violation(ViolationKind.Unknown, where, at, $"message {id} at {position}, number {number} of publisher {publisher}"));
            return;
        }

        if (!_messages.TryGetValue(position.Epoch, out var messages))
            _messages[position.Epoch] = messages = [];
        if (!messages.TryGetValue(position.Offset, out var known))
            messages[position.Offset] = new StoredMessage(id, publisher, number, publish.Started, at);
        else if (known.Id != id || known.Publisher != publisher || known.Number != number)
            _report(new Violation(
                ViolationKind.OrderDiffers, where, at,
                $"at {position} it has {id} ({publisher}/{number}), others have {known.Id} ({known.Publisher}/{known.Number})"));
        else if (at < known.NotAfter)
            messages[position.Offset] = known with { NotAfter = at };
    }

    private void CheckEpochs(IReadOnlyList<Outage> outages)
    {
        var excess = 0;
        for (var i = 1; i < _order.Length; i++)
        {
            var seen = _firstSeen[_order[i]];
            var causes = outages.Count(outage => outage.From <= seen);
            if (causes + excess >= i)
                continue;
            excess++; // Said once, and not again for every epoch that follows.
            _report(new Violation(
                ViolationKind.EpochWithoutCause, _rules.Name, seen,
                $"epoch {_order[i]} is the room's number {i + 1}, and Redis was restarted {causes} times before"));
        }
    }

    private void CheckPublishers(string epoch, Dictionary<long, StoredMessage> messages)
    {
        var last = new Dictionary<int, int>();
        var places = new Dictionary<(int, int), long>();
        foreach (var (offset, message) in messages.OrderBy(message => message.Key))
        {
            var where = $"{_rules.Name} at {new Position(epoch, offset)}";
            if (!places.TryAdd((message.Publisher, message.Number), offset))
                _report(new Violation(
                    ViolationKind.StoredTwice, where, message.NotAfter,
                    $"number {message.Number} of publisher {message.Publisher} stands at {places[(message.Publisher, message.Number)]} too"));
            else if (last.GetValueOrDefault(message.Publisher) > message.Number)
                _report(new Violation(
                    ViolationKind.PublisherOrder, where, message.NotAfter,
                    $"number {message.Number} of publisher {message.Publisher} stands behind {last[message.Publisher]}"));
            last[message.Publisher] = Math.Max(last.GetValueOrDefault(message.Publisher), message.Number);
        }
    }
}
