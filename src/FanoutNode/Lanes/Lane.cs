using System.Collections.Concurrent;
using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes.Preparation;

namespace Fanout.Node.Lanes;

/// <summary>
/// One single-threaded delivery loop. It owns its connections and their rooms' local member lists, so nothing in it takes a lock.
/// </summary>
/// <remarks>
/// Thread-safety: <see cref="Post"/>, <see cref="TryPost"/> and <see cref="TryPostMessage"/> from anywhere; everything else only from work that runs on the lane.
/// A lane is not a thread of its own: it is queued to the thread pool when its inbox turns non-empty and leaves again when it is dry.
/// </remarks>
internal sealed class Lane : IThreadPoolWorkItem
{
    // One round looks at this many items at most before it sends what it gathered: bounds the size of a batch and the time until the
    // first of its messages leaves.
    private const int MaxItemsPerRound = 1024;

    private readonly ConcurrentQueue<ILaneWork> _inbox = new();
    private readonly List<LaneRoom> _roomsWithPending = [];
    private readonly List<LaneRoom> _roomsWithNotices = [];
    private readonly LaneLog _log;
    private readonly int _inboxCapacity;
    private long _noticesDue = long.MaxValue;
    private int _messagesWaiting;
    private int _scheduled;
    private long _backlogBytes;
    private int _catchingUp;
    private volatile bool _isTimed;
    private LanePace _pace;
    private FormCounts _forms;

    public Lane(int index, LaneOptions options, TimeProvider time, FanoutMetrics metrics, ILogger<Lane> logger, FleetClock? clock = null)
    {
        Index = index;
        Time = time;
        Clock = clock ?? new FleetClock(time);
        Timers = new LaneTimers(time);
        _pace = new LanePace(time);
        _inboxCapacity = options.InboxCapacity;
        Metrics = metrics;
        _log = new LaneLog(logger);
    }

    /// <summary>Place in the <see cref="LaneSet"/>, and in every room's array of member lists.</summary>
    public int Index { get; }

    public TimeProvider Time { get; }

    public FanoutMetrics Metrics { get; }

    /// <summary>In whose time messages are stamped.</summary>
    public FleetClock Clock { get; }

    /// <summary>Room messages in the inbox. From any thread, like the two that follow.</summary>
    public int MessagesWaiting => Volatile.Read(ref _messagesWaiting);

    /// <summary>Bytes that wait for this lane's sockets.</summary>
    public long BacklogBytes => Volatile.Read(ref _backlogBytes);

    /// <summary>Members that read the log instead of getting live messages.</summary>
    public int CatchingUp => Volatile.Read(ref _catchingUp);

    /// <summary>Whether <see cref="Times"/> are counted: while somebody looks. Set from anywhere.</summary>
    public bool IsTimed
    {
        get => _isTimed;
        set => _isTimed = value;
    }

    /// <summary>How long deliveries took.</summary>
    public DeliveryTimes Times { get; } = new();

    /// <summary>The lane's clock as of the round's begin: exact enough for what counts seconds, and free on the way of a message.</summary>
    public long RoundTime { get; private set; }

    /// <summary>Bytes handed out in this round; told to the metrics at its end, not with every send.</summary>
    public long OutboundBytes { get; set; }

    /// <summary>Deadlines of this lane's connections.</summary>
    public LaneTimers Timers { get; }

    /// <summary>This lane's connections by client id.</summary>
    public Dictionary<string, ILaneClient> Clients { get; } = [];

    /// <summary>What those connections take. Changed on the lane, read from anywhere.</summary>
    public ref FormCounts Forms => ref _forms;

    /// <summary>Hands work to the lane. Never refused: what is posted here is bounded by the connections that cause it.</summary>
    public void Post(ILaneWork work)
    {
        _inbox.Enqueue(work);
        Schedule();
    }

    /// <summary>Hands a room's message to the lane; <see langword="false"/> if too many wait already.</summary>
    public bool TryPostMessage(RoomMessage message)
    {
        if (!TryCountIn())
            return false;
        message.Trace?.Expect();
        Post(message);
        return true;
    }

    /// <summary>
    /// The same for other work whose number somebody else decides over: it counts among the room messages, and says <see cref="CountOut"/> when it runs.
    /// </summary>
    public bool TryPost(ILaneWork work)
    {
        if (!TryCountIn())
            return false;
        Post(work);
        return true;
    }

    /// <summary>What was counted in has come out of the inbox. On the lane.</summary>
    public void CountOut() => Interlocked.Decrement(ref _messagesWaiting);

    /// <summary>A socket's backlog grew or shrank. On the lane.</summary>
    public void CountBacklog(long change) => Volatile.Write(ref _backlogBytes, _backlogBytes + change);

    /// <summary>A member began or ended to catch up. On the lane.</summary>
    public void CountCatchingUp(int change) => Volatile.Write(ref _catchingUp, _catchingUp + change);

    /// <summary>Sets a message aside for its room's next flush; called by the message as it runs.</summary>
    internal void Gather(RoomMessage message)
    {
        CountOut();
        if (message.Room.Members[Index] is not { } room || !room.Advance(message) || room.Count == 0)
        {
            message.Trace?.Done(message, 0, []);
            return;
        }

        if (room.Pending.Count == 0)
            _roomsWithPending.Add(room);
        room.Pending.Add(message);
    }

    /// <summary>A room has notices, which are looked at again at the end of each round until they are sent.</summary>
    internal void ExpectNotices(LaneRoom room)
    {
        _roomsWithNotices.Add(room);
        _noticesDue = Math.Min(_noticesDue, room.NoticesDue);
    }

    void IThreadPoolWorkItem.Execute()
    {
        var items = 0;
        while (_pace.WaitsForMore(Volatile.Read(ref _messagesWaiting)))
            Thread.Yield();
        _pace.Begin(Volatile.Read(ref _messagesWaiting));
        RoundTime = Timers.Now;
        while (items < MaxItemsPerRound && _inbox.TryDequeue(out var work))
        {
            items++;
            RunGuarded(work);
        }

        FlushRooms();
        if (RoundTime >= _noticesDue)
            FlushNotices();
        if (OutboundBytes > 0)
            Metrics.Outbound(OutboundBytes);
        OutboundBytes = 0;
        _pace.End();

        // Clear the flag before the last look, so that a post that comes in between schedules the lane again. An exchange, since it is a
        // full fence: a plain write could still wait in the store buffer while the look behind it is made.
        Interlocked.Exchange(ref _scheduled, 0);
        if (!_inbox.IsEmpty)
            Schedule();
    }

    /// <summary>Logs a fault in one connection's or one room's work; the lane goes on.</summary>
    internal void Report(Exception exception, string work) => _log.WorkFailed(exception, Index, work);

    private void Schedule()
    {
        if (Interlocked.Exchange(ref _scheduled, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void FlushRooms()
    {
        foreach (var room in _roomsWithPending)
        {
            try
            {
                room.Flush(this);
            }
            catch (Exception e)
            {
                // One room's fault must not take the lane, and with it every other room, down.
                room.Pending.Clear();
                Report(e, "flush");
            }
        }

        _roomsWithPending.Clear();
    }

    // Where it is too early for a room's notices, the round of the next tick sends them.
    private void FlushNotices()
    {
        _noticesDue = long.MaxValue;
        for (var i = _roomsWithNotices.Count - 1; i >= 0; i--)
        {
            var room = _roomsWithNotices[i];
            try
            {
                if (!room.FlushNotices(this))
                {
                    _noticesDue = Math.Min(_noticesDue, room.NoticesDue);
                    continue;
                }
            }
            catch (Exception e)
            {
                Report(e, "notices");
            }

            _roomsWithNotices.RemoveAt(i);
        }
    }

    private bool TryCountIn()
    {
        if (Interlocked.Increment(ref _messagesWaiting) <= _inboxCapacity)
            return true;
        CountOut();
        return false;
    }

    private void RunGuarded(ILaneWork work)
    {
        try
        {
            work.Run(this);
        }
        catch (Exception e)
        {
            Report(e, work.GetType().Name);
        }
    }
}
