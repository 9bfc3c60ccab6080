using Fanout.Node.Rooms;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Backplane.Memory;

/// <summary>One room in memory. Used under its own lock, see <see cref="MemoryBroker.With"/>.</summary>
internal sealed partial class MemoryRoom(string name, HistoryTotal total, TimeProvider time)
{
    // A result, a hash, two ids, places in two collections: about so much beside the key itself.
    private const int BytesBesideKey = 500;

    private readonly Queue<LogEntry> _entries = new();
    private readonly Dictionary<string, (string PayloadHash, PublishResult Result)> _once = [];
    private readonly Queue<(string Key, long At)> _onceByAge = new(0);
    private string? _epoch;
    private long _offset;
    private long _bytes;
    private TimeSpan _keepFor;
    private TimeSpan _metaTtl;
    private long _lastPublish;
    private long _lastUse;

    public string Name { get; } = name;

    /// <summary>By client id, in order, so that pages are cut without sorting.</summary>
    public SortedDictionary<string, RoomMember> Members { get; } = new(StringComparer.Ordinal);

    public List<IBackplaneListener> Subscribers { get; } = [];

    public bool IsRetired { get; set; }

    /// <summary>Whether nothing would be missed if the room were forgotten.</summary>
    public bool IsIdle
    {
        get
        {
            Expire();
            return Members.Count == 0 && Subscribers.Count == 0 && _epoch is null && _once.Count == 0;
        }
    }

    /// <summary>The same steps as publish.lua, in the same order.</summary>
    public PublishResult Publish(Publication publication)
    {
        Expire();
        var onceKey = publication.Once is { } once ? $"{once.Principal}:{once.Key}" : null;
        long? members = publication.CountsMembers ? Members.Count : null;
        if (onceKey is not null && _once.TryGetValue(onceKey, out var seen))
        {
            return seen.PayloadHash == publication.Once!.PayloadHash
                ? seen.Result with { Outcome = PublishOutcome.Duplicate, Nodes = 0, Members = members }
                : new PublishResult(PublishOutcome.Conflict, publication.MessageId, null, null, 0);
        }

        if (onceKey is not null && !total.TryAddKey(BytesOf(onceKey)))
            return new PublishResult(PublishOutcome.Unavailable, publication.MessageId, null, null, 0);
        var result = new PublishResult(PublishOutcome.Published, publication.MessageId, null, null, Subscribers.Count, members);
        var frame = publication.Data;
        if (publication.Policy.HasHistory)
        {
            if (!total.TryAdd(publication.Data.Length))
            {
                if (onceKey is not null)
                    total.RemoveKey(BytesOf(onceKey));
                return new PublishResult(PublishOutcome.Unavailable, publication.MessageId, null, null, 0);
            }

            var position = Append(publication);
            result = result with { Epoch = position.Epoch, Offset = position.Offset };
            frame = ChannelFrame.WriteSequenced(position.Epoch, position.Offset, publication.Data.Span);
        }

        if (onceKey is not null)
        {
            _once[onceKey] = (publication.Once!.PayloadHash, result);
            _onceByAge.Enqueue((onceKey, time.GetTimestamp()));
        }

        Tell(frame);
        return result;
    }

    public LogPage Read(RoomPolicy policy, long from, int count)
    {
        Expire();
        Touch(policy);
        var entries = new List<LogEntry>();
        var bytes = 0;
        foreach (var entry in _entries.SkipWhile(entry => entry.Offset < from).Take(count))
        {
            bytes += entry.Data.Length;
            if (bytes > IRoomLog.MaxPageBytes && entries.Count > 0)
                break;
            entries.Add(entry);
        }

        return new LogPage(new RoomPosition(_epoch!, _offset), entries);
    }

    public RoomPosition Rewind(RoomPolicy policy, string brokenEpoch)
    {
        Touch(policy);
        if (_epoch == brokenEpoch)
        {
            _epoch = Epochs.New();
            _offset = 0;
            Forget();
            Tell(ChannelFrame.WriteNewEpoch(_epoch));
        }

        return new RoomPosition(_epoch!, _offset);
    }

    private RoomPosition Append(Publication publication)
    {
        _epoch ??= Epochs.New();
        _offset++;
        Touch(publication.Policy);
        _lastPublish = time.GetTimestamp();
        _keepFor = publication.Policy.HistoryTtl;
        _entries.Enqueue(new LogEntry(_offset, publication.Data));
        _bytes += publication.Data.Length;
        while (_entries.Count > publication.Policy.HistorySize || (publication.Policy.HistoryBytes is > 0 and var most && _bytes > most && _entries.Count > 1))
        {
            var length = _entries.Dequeue().Data.Length;
            _bytes -= length;
            total.Remove(length);
        }

        return new RoomPosition(_epoch!, _offset);
    }

    private void Touch(RoomPolicy policy)
    {
        _epoch ??= Epochs.New();
        _metaTtl = policy.PositionTtl(_offset);
        _lastUse = time.GetTimestamp();
    }

    private void Forget()
    {
        _entries.Clear();
        total.Remove(_bytes);
        _bytes = 0;
    }

    private void Expire()
    {
        if (_entries.Count > 0 && time.GetElapsedTime(_lastPublish) >= _keepFor)
            Forget();
        if (_epoch is not null && time.GetElapsedTime(_lastUse) >= _metaTtl)
            (_epoch, _offset) = (null, 0);
        while (_onceByAge.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) >= IdempotencyKey.Lifetime)
        {
            var (key, _) = _onceByAge.Dequeue();
            _once.Remove(key);
            total.RemoveKey(BytesOf(key));
        }
    }

    private static long BytesOf(string onceKey) => BytesBesideKey + (sizeof(char) * onceKey.Length);

    private void Tell(ReadOnlyMemory<byte> frame)
    {
        // Under the room's lock, so that all subscribers see one order. They only hand the message on.
        foreach (var subscriber in Subscribers)
            subscriber.OnMessage(Name, frame.Span);
    }
}
