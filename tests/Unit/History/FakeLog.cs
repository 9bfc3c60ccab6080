using System.Text;
using Fanout.Node.Backplane;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Tests.Unit.History;

/// <summary>One room's log that a test writes by hand; counts how often it is read, and can be away.</summary>
internal sealed class FakeLog : IRoomLog
{
    private readonly Lock _gate = new();
    private readonly List<LogEntry> _entries = [];
    private string _epoch = Epochs.New();
    private long _offset;
    private int _reads;

    public string Epoch => _epoch;

    public int Reads => Volatile.Read(ref _reads);

    public bool IsAway { get; set; }

    /// <summary>Entries kept, counted from the newest.</summary>
    public int Keeps { get; set; } = int.MaxValue;

    /// <summary>Entries in a page at most, however many are asked for: as where messages are large.</summary>
    public int PageEnds { get; set; } = int.MaxValue;

    /// <summary>Runs once, after a read was answered and before its reader goes on.</summary>
    public Action? AfterRead { get; set; }

    public static byte[] Message(string id, string payload = "1") =>
        MessageCodec.Encode(new StoredMessage(id, 1, null, null, new Payload(WireFormat.Json, Encoding.UTF8.GetBytes(payload))));

    /// <summary>Stores a message, as a publish does; whether a node hears it is the test's business.</summary>
    /// <param name="payload">A JSON value.</param>
    public LogEntry Append(string? id = null, string payload = "1")
    {
        lock (_gate)
        {
            var entry = new LogEntry(++_offset, Message(id ?? $"m{_offset}", payload));
            _entries.Add(entry);
            return entry;
        }
    }

    /// <summary>Redis went back in time: entries behind an offset were never there.</summary>
    public void ForgetBehind(long offset)
    {
        lock (_gate)
        {
            _entries.RemoveAll(entry => entry.Offset > offset);
            _offset = offset;
        }
    }

    /// <summary>The whole log is another one: a failover, a backup that was restored.</summary>
    public void BecomeOf(string epoch, int entries)
    {
        lock (_gate)
        {
            (_epoch, _offset) = (epoch, 0);
            _entries.Clear();
        }

        for (var i = 0; i < entries; i++)
            Append();
    }

    public ValueTask<LogPage> ReadAsync(string room, RoomPolicy policy, long from, int count)
    {
        Interlocked.Increment(ref _reads);
        if (IsAway)
            throw new BackplaneUnavailableException("away");
        LogPage page;
        lock (_gate)
        {
            var kept = _entries.Where(entry => entry.Offset >= from && entry.Offset > _offset - Keeps).Take(Math.Min(count, PageEnds)).ToList();
            page = new LogPage(new RoomPosition(_epoch, _offset), kept);
        }

        var after = AfterRead;
        AfterRead = null;
        after?.Invoke();
        return ValueTask.FromResult(page);
    }

    public ValueTask<RoomPosition> RewindAsync(string room, RoomPolicy policy, string brokenEpoch)
    {
        lock (_gate)
        {
            if (_epoch == brokenEpoch)
            {
                _epoch = Epochs.New();
                _offset = 0;
                _entries.Clear();
            }

            return ValueTask.FromResult(new RoomPosition(_epoch, _offset));
        }
    }
}
