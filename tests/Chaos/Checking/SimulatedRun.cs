using System.Globalization;
using Fanout.Tests.Chaos.Recordings;

namespace Fanout.Tests.Chaos.Checking;

/// <summary>
/// A service that keeps every promise, as a few loops in one thread: it makes recordings that the checker must find right, for the tests of
/// the checker itself.
/// </summary>
internal sealed class SimulatedRun
{
    private const int Publishers = 2;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    private readonly Random _random;
    private readonly RoomRules _rules;
    private readonly List<PublishRecord> _publishes = [];
    private readonly List<Outage> _outages = [];
    private readonly List<(long Offset, Received Message)> _kept = [];
    private readonly Member[] _members;
    private readonly int[] _numbers = new int[Publishers];
    private TimeSpan _now;
    private TimeSpan _lastPublish;
    private Position _position = new("epoch-1", 0);

    private sealed class Member(string name)
    {
        public string Name { get; } = name;

        public List<TrackEvent> Events { get; } = [];

        public Position? Last { get; set; }

        public bool IsIn { get; set; }
    }

    public SimulatedRun(int seed, RoomRules? rules = null)
    {
        _random = new Random(seed);
        _rules = rules ?? new RoomRules("room", RoomKind.Sequenced, 40, TimeSpan.FromSeconds(2));
        _members = [.. Enumerable.Range(1, 5).Select(number => new Member($"subscriber {number}"))];
    }

    /// <param name="restartEvery">Steps between restarts of Redis that lose everything; 0: none.</param>
    public Recording Run(int steps = 3000, int restartEvery = 0)
    {
        for (var step = 1; step <= steps; step++)
        {
            _now += Step;
            if (restartEvery > 0 && step % restartEvery == 0)
                Restart();
            // Bursts and silences, some longer than the history lives.
            if (step / 100 % 3 != 2 || _random.Next(100) < 2)
                Publish();
            foreach (var member in _members)
                Move(member);
        }

        foreach (var member in _members.Where(member => !member.IsIn))
            Join(member);
        return new Recording(
            [_rules], _publishes, [.. _members.Select(member => new Track(member.Name, _rules.Name, member.Events))], _outages, Final(), []);
    }

    private void Publish()
    {
        Expire();
        var publisher = _random.Next(Publishers);
        var number = ++_numbers[publisher];
        _position = _position with { Offset = _position.Offset + 1 };
        var id = string.Create(CultureInfo.InvariantCulture, $"m{_publishes.Count}");
        var message = new Received(_now, _position.Offset, id, publisher, number);
        _publishes.Add(new PublishRecord(
            _rules.Name, publisher, number, _now - TimeSpan.FromMilliseconds(1), new PublishAck(_now + TimeSpan.FromMilliseconds(1), _position, id)));
        _kept.Add((_position.Offset, message));
        if (_kept.Count > _rules.HistorySize)
            _kept.RemoveAt(0);
        _lastPublish = _now;
        foreach (var member in _members.Where(member => member.IsIn))
            Give(member, message);
    }

    private void Move(Member member)
    {
        var dice = _random.Next(300);
        if (member.IsIn && dice == 0)
        {
            member.Events.Add(new Ended(_now, null));
            member.IsIn = false;
        }
        else if (!member.IsIn && dice < 12)
        {
            Join(member);
        }
    }

    private void Join(Member member)
    {
        Expire();
        var since = member.Last;
        var recovered = since is { } from && from.Epoch == _position.Epoch
            && (from.Offset == _position.Offset || (_kept.Count > 0 && _kept[0].Offset <= from.Offset + 1));
        var start = recovered ? since!.Value : _position;
        member.Events.Add(new Joined(_now, since, start, recovered));
        (member.IsIn, member.Last) = (true, start);
        foreach (var (_, message) in _kept.Where(kept => kept.Offset > start.Offset).ToList())
            Give(member, message);
    }

    private void Give(Member member, Received message)
    {
        member.Events.Add(message with { At = _now });
        member.Last = _position with { Offset = message.Offset!.Value };
    }

    private void Restart()
    {
        _outages.Add(new Outage(_now - Step, _now, Wiped: true));
        _position = new Position(string.Create(CultureInfo.InvariantCulture, $"epoch-{_outages.Count + 1}"), 0);
        _kept.Clear();
        foreach (var member in _members.Where(member => member.IsIn))
        {
            member.Events.Add(new WasReset(_now, _position));
            member.Last = _position;
        }
    }

    private void Expire()
    {
        if (_now - _lastPublish > _rules.HistoryTtl)
            _kept.Clear();
    }

    private FinalState Final()
    {
        var clients = _members.ToDictionary(member => member.Name, _ => "n1");
        return new FinalState(
            [
                new FinalRoom(
                    _rules.Name, _position, [.. _kept.Select(kept => new KeptMessage(kept.Offset, kept.Message.Id))],
                    clients, [.. clients.Keys.Select(client => $"n1-abc/{client}")]),
            ],
            ["n1"], ["n1-abc"], new Dictionary<string, IReadOnlyList<string>> { ["n1"] = ["n1"] }, ["fanout:node:n1-abc"]);
    }
}
