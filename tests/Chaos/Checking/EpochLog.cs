using Fanout.Tests.Chaos.Recordings;

namespace Fanout.Tests.Chaos.Checking;

/// <summary>A message as the world knows it: who published it, and between which times it was stored.</summary>
internal sealed record StoredMessage(string Id, int Publisher, int Number, TimeSpan NotBefore, TimeSpan NotAfter);

/// <summary>
/// One epoch of a room, put together from all acknowledgements and all that anybody received. It answers what history must still have
/// held at a moment, and is never stricter than the truth: where the time of a store is uncertain, the later end counts for what may
/// have been trimmed or expired.
/// </summary>
internal sealed class EpochLog
{
    // Redis takes its clock at the beginning of a script, and expires with the precision of a millisecond.
    private static readonly TimeSpan ClockSlack = TimeSpan.FromMilliseconds(50);

    private readonly RoomRules _rules;
    private readonly int _unknown;
    private readonly IReadOnlyList<Outage> _outages;
    private readonly long[] _offsets;
    private readonly TimeSpan[] _notBefore;
    private readonly TimeSpan[] _notAfter;

    /// <param name="unknown">How many messages may stand behind the newest known one: each publisher has at most one in flight, and when
    /// an epoch ends with the key that would have told of it, nobody ever hears of that message.</param>
    public EpochLog(RoomRules rules, IReadOnlyDictionary<long, StoredMessage> messages, int unknown, IReadOnlyList<Outage> outages)
    {
        (_rules, _unknown, _outages) = (rules, unknown, outages);
        Messages = messages;
        _offsets = [.. messages.Keys.Order()];
        _notBefore = [.. _offsets.Select(offset => messages[offset].NotBefore)];
        _notAfter = [.. _offsets.Select(offset => messages[offset].NotAfter)];
        // Stored in the order of the offsets: none before its predecessors, none after its successors.
        for (var i = 1; i < _offsets.Length; i++)
            _notBefore[i] = Max(_notBefore[i], _notBefore[i - 1]);
        for (var i = _offsets.Length - 2; i >= 0; i--)
            _notAfter[i] = Min(_notAfter[i], _notAfter[i + 1]);
    }

    public IReadOnlyDictionary<long, StoredMessage> Messages { get; }

    /// <summary>The newest offset that can have existed at that time.</summary>
    public long NewestPossible(TimeSpan at)
    {
        var index = IndexOfNewest(at);
        return (index < 0 ? 0 : _offsets[index]) + _unknown;
    }

    /// <summary>Whether everything behind a position was there to send at that time, whatever the uncertain times really were.</summary>
    public bool MustReachBack(long since, TimeSpan at)
    {
        if (MayBeOver(at))
            return false;
        var newest = IndexOfNewest(at);
        if (newest < 0 || _offsets[newest] <= since)
            return true; // Nothing to send.
        if (_offsets[newest] + _unknown - since > _rules.HistorySize)
            return false;

        // The stream lives for its TTL after each publish: a silence of that length, and all before it is gone.
        var first = Array.BinarySearch(_offsets, since + 1);
        for (var i = first < 0 ? ~first : first; i < newest; i++)
        {
            if (CanHaveExpired(_notAfter[i + 1] - _notBefore[i]))
                return false;
        }

        return !CanHaveExpired(at - _notBefore[newest]);
    }

    // Redis was restarted, and nothing that was published to this epoch afterwards shows that it is not the one before.
    private bool MayBeOver(TimeSpan at) =>
        _outages.Any(outage => outage.From <= at && (_notBefore.Length == 0 || _notBefore[^1] <= outage.To));

    private bool CanHaveExpired(TimeSpan silence) => silence + ClockSlack > _rules.HistoryTtl;

    private int IndexOfNewest(TimeSpan at)
    {
        var (low, high) = (0, _notBefore.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_notBefore[middle] <= at)
                low = middle + 1;
            else
                high = middle;
        }

        return low - 1;
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
