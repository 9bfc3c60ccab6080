using System.Diagnostics.Metrics;
using System.Text;
using Fanout.Node.Compression;
using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes;
using Fanout.Node.Lanes.Preparation;
using Fanout.Node.Presence;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Tests.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Fanout.Tests.Unit.Lanes;

/// <summary>What comes to a lane in numbers that clients decide over: presence notices, and messages to all.</summary>
public sealed class BoundedWorkTests : IDisposable
{
    private const int Capacity = 100;

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FanoutMetrics _metrics;
    private readonly LaneSet _lanes;
    private readonly Room _room;
    private readonly ManualResetEventSlim _goOn = new();

    public BoundedWorkTests()
    {
        _metrics = new FanoutMetrics(_services.GetRequiredService<IMeterFactory>());
        _lanes = new LaneSet(new LaneOptions { Count = 1, InboxCapacity = Capacity }, TimeProvider.System, _metrics, NullLogger<Lane>.Instance);
        _room = new Room("room", new RoomPolicy(0, TimeSpan.Zero, true, Overflow.Disconnect), _lanes);
    }

    // One client that joins and leaves without a pause was one send for each of the others, each time.
    [Fact]
    public async Task Notices_OfABusyRoom_AreSentTogether_InOrder()
    {
        const int Notices = 90;
        var watcher = Enter("watcher");
        Hold();
        for (var i = 0; i < Notices; i++)
            Assert.Equal(0, _room.PostNotice(Notice($"c{i}", isJoin: true)));
        _goOn.Set();
        await Eventually.TrueAsync(() => watcher.Told.Count == Notices, "all notices");
        // They have just been sent: what comes one by one is gathered too.
        for (var i = Notices; i < Notices * 2; i++)
        {
            _room.PostNotice(Notice($"c{i}", isJoin: true));
            await OnLaneAsync();
        }

        await Eventually.TrueAsync(() => watcher.Told.Count == Notices * 2, "all notices");
        Assert.Equal(Enumerable.Range(0, Notices * 2).Select(i => $"c{i}"), watcher.Told);
        // One for the first; as many rounds of 200 ms as a busy machine may take for the others.
        Assert.InRange(watcher.Sends, 2, Notices / 3);
    }

    [Fact]
    public async Task Notices_ThatAreTooMany_AreRefused_AndCountedOutWhenTheyRan()
    {
        var watcher = Enter("watcher");
        Hold();
        var lost = Enumerable.Range(0, Capacity + 7).Sum(i => _room.PostNotice(Notice($"c{i}", isJoin: true)));
        Assert.Equal(7, lost);

        _goOn.Set();
        await Eventually.TrueAsync(() => watcher.Told.Count == Capacity, "those that were taken");
        Assert.Equal(0, _lanes[0].MessagesWaiting);
        Assert.Equal(0, _room.PostNotice(Notice("late", isJoin: true)));
    }

    // Its own entrance is in the answer to its join, and what was before it in the list that it asks for.
    [Fact]
    public async Task Member_GetsNoNoticeOfItself_NorOfWhatWasBeforeIt()
    {
        var first = Enter("first");
        _room.PostNotice(Notice("x", isJoin: true));
        await Eventually.TrueAsync(() => first.Told.Count == 1, "the first notice");
        _room.PostNotice(Notice("before", isJoin: true));
        await OnLaneAsync();
        var second = Enter("second");
        _room.PostNotice(Notice("second", isJoin: true));
        _room.PostNotice(Notice("behind", isJoin: false));

        await Eventually.TrueAsync(() => second.Told.Count > 0, "a notice for the second");
        Assert.Equal(["behind"], second.Told);
        Assert.Equal(["x", "before", "second", "behind"], first.Told);
    }

    // Whoever speaks has come before: nobody hears a stranger.
    [Fact]
    public async Task Message_ComesBehindTheNoticesBeforeIt()
    {
        var watcher = Enter("watcher");
        _room.PostNotice(Notice("x", isJoin: true));
        await Eventually.TrueAsync(() => watcher.Told.Count == 1, "the first notice");
        _room.PostNotice(Notice("speaker", isJoin: true));
        _room.Post(Message(_room));

        await Eventually.TrueAsync(() => watcher.Told.Count == 3, "notice and message");
        Assert.Equal(["x", "speaker", "message"], watcher.Told);
    }

    // A publisher that is faster than the lanes filled the memory.
    [Fact]
    public async Task MessagesToAll_ThatAreTooMany_AreDropped_AndCounted()
    {
        using var drops = new Drops(_metrics);
        var preparer = new MessagePreparer(new CompressionOptions(), _metrics, NullLogger<MessagePreparer>.Instance);
        var all = new AllRoom(_lanes, preparer);
        var client = Enter("client");
        Hold();
        for (var i = 0; i < Capacity + 5; i++)
            all.Post(Message(all));
        Assert.Equal(5, drops.Of("lane_full"));

        _goOn.Set();
        await Eventually.TrueAsync(() => client.Told.Count == Capacity, "those that were taken");
        Assert.Equal(0, _lanes[0].MessagesWaiting);
    }

    public void Dispose()
    {
        _goOn.Set();
        _lanes.Dispose();
        _metrics.Dispose();
        _services.Dispose();
        _goOn.Dispose();
    }

    private Watcher Enter(string id)
    {
        var watcher = new Watcher(id);
        _room.CountIn(0, watcher);
        _lanes[0].Post(new Work(lane =>
        {
            lane.Clients.Add(id, watcher);
            var member = new LaneMember(watcher, _room.OnLane(lane)) { WantsPresence = true };
            _room.OnLane(lane).Add(lane, member, at: null, since: null);
        }));
        return watcher;
    }

    // The lane does nothing else until the test lets it.
    private void Hold() => _lanes[0].Post(new Work(_ => _goOn.Wait(Deadlines.Default)));

    private Task OnLaneAsync()
    {
        var ran = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _lanes[0].Post(new Work(_ => ran.SetResult()));
        return ran.Task.WithDeadline("the lane's turn");
    }

    private PresenceNoticeWork Notice(string clientId, bool isJoin) => new(_room, new PresenceNoticeMessage(_room.Name, isJoin, new Member(clientId, null, null)));

    private static RoomMessage Message(IRoomMembers room) => new()
    {
        Room = room,
        Id = "0123456789abcdef",
        Timestamp = 1,
        Payload = new Payload(WireFormat.Json, "1"u8.ToArray()),
    };

    private sealed class Work(Action<Lane> run) : ILaneWork
    {
        public void Run(Lane lane) => run(lane);
    }

    /// <summary>Keeps of whom it was told, and in how many sends.</summary>
    private sealed class Watcher(string id) : ILaneClient
    {
        private readonly Lock _gate = new();
        private readonly List<string> _told = [];
        private int _sends;

        public string ClientId => id;

        public WireFormat Format => WireFormat.Json;

        public bool IsDrained => true;

        public long TimerSlot { get; set; }

        public int Sends => Volatile.Read(ref _sends);

        public IReadOnlyList<string> Told
        {
            get
            {
                lock (_gate)
                    return [.. _told];
            }
        }

        public void Send(ReadOnlyMemory<byte> frames, LaneRoom? room)
        {
            Interlocked.Increment(ref _sends);
            lock (_gate)
            {
                // Frames of less than 64 KiB.
                for (var rest = frames.Span; rest.Length > 0;)
                {
                    var (header, length) = rest[1] == 126 ? (4, (rest[2] << 8) | rest[3]) : (2, rest[1]);
                    using var json = System.Text.Json.JsonDocument.Parse(Encoding.UTF8.GetString(rest.Slice(header, length)));
                    _told.Add(json.RootElement.GetProperty("type").GetString() is "message"
                        ? "message"
                        : json.RootElement.GetProperty("payload").GetProperty("clientId").GetString()!);
                    rest = rest[(header + length)..];
                }
            }
        }

        public void ForgetNewest(LaneRoom room)
        {
        }

        public void WhenDrained(ILaneWork work)
        {
        }

        public long OnTimer(Lane lane, long now) => long.MaxValue;
    }

    /// <summary>What was dropped, by reason.</summary>
    private sealed class Drops : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Dictionary<string, long> _counts = [];

        public Drops(FanoutMetrics metrics)
        {
            _listener.InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter == metrics.Meter && instrument.Name == "fanout.messages.dropped")
                    self.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
            {
                lock (_counts)
                    _counts[(string)tags[0].Value!] = _counts.GetValueOrDefault((string)tags[0].Value!) + count;
            });
            _listener.Start();
        }

        public long Of(string reason)
        {
            lock (_counts)
                return _counts.GetValueOrDefault(reason);
        }

        public void Dispose() => _listener.Dispose();
    }
}
