namespace Fanout.Client.Threading;

/// <summary>
/// One thing at a time: whatever touches the state of a client does so in a turn. User code never runs in one: what it is told is queued in
/// the turn, in order, and called behind it, one call after the other, so that a handler may call back into the client or take its time.
/// </summary>
internal sealed class Turns
{
    /// <summary>So many calls may wait for handlers before the socket is not read any more.</summary>
    internal const int MaxWaiting = 1_024;

    [ThreadStatic]
    private static Turns? _tellingOnThisThread;

    private readonly object _gate = new();
    private readonly Action<Action> _schedule;
    private readonly HandlerContext _context;
    private readonly Queue<Action> _told = new();
    private readonly List<Action> _outside = [];
    private int _depth;
    private bool _telling;
    private TaskCompletionSource? _roomAgain;
    private TaskCompletionSource? _allTold;

    /// <param name="schedule">Runs work soon, on no turn; the thread pool, or at once in tests.</param>
    public Turns(Action<Action> schedule)
    {
        _schedule = schedule;
        _context = new HandlerContext(e => Failed(e));
    }

    /// <summary>Is told what user code throws that nobody has caught.</summary>
    public Action<Exception> Failed { get; set; } = static _ => { };

    /// <summary>
    /// On the thread pool, without the caller's context: what a handler does is not part of the trace of whoever made it be called.
    /// </summary>
    public static Turns OnThreadPool() =>
        new(static work => ThreadPool.UnsafeQueueUserWorkItem(static work => work(), work, preferLocal: false));

    /// <summary>Runs work soon, on no turn.</summary>
    public void Schedule(Action work) => _schedule(work);

    /// <summary>Waits for the turn, and has it until the result is disposed. A turn within a turn is the same one.</summary>
    public Turn Take()
    {
        Monitor.Enter(_gate);
        _depth++;
        return new Turn(this);
    }

    /// <summary>Calls user code when the turn is over, behind what was told before.</summary>
    public void Tell(Action call) => _told.Enqueue(call);

    /// <summary>Does something when the turn is over that must not happen in it, and need not keep an order.</summary>
    public void Outside(Action work) => _outside.Add(work);

    /// <summary>Completes when few enough calls wait for handlers.</summary>
    public ValueTask WhenRoomAsync()
    {
        lock (_gate)
        {
            if (_told.Count < MaxWaiting)
                return ValueTask.CompletedTask;
            _roomAgain ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_roomAgain.Task);
        }
    }

    /// <summary>Completes when every handler has been called; at once for a handler, which would wait for itself.</summary>
    public Task WhenToldAsync()
    {
        lock (_gate)
        {
            if (_tellingOnThisThread == this || (!_telling && _told.Count == 0))
                return Task.CompletedTask;
            _allTold ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _allTold.Task;
        }
    }

    private void End()
    {
        Action[] outside = [];
        var tell = false;
        if (--_depth == 0)
        {
            if (_outside.Count > 0)
            {
                outside = [.. _outside];
                _outside.Clear();
            }

            tell = _told.Count > 0 && !_telling;
            _telling |= tell;
        }

        Monitor.Exit(_gate);
        foreach (var work in outside)
            _schedule(() => Guarded(work));
        if (tell)
            _schedule(TellAll);
    }

    private void TellAll()
    {
        var outer = _tellingOnThisThread;
        var outerContext = SynchronizationContext.Current;
        _tellingOnThisThread = this;
        SynchronizationContext.SetSynchronizationContext(_context);
        while (Next() is { } call)
            Guarded(call);
        SynchronizationContext.SetSynchronizationContext(outerContext);
        _tellingOnThisThread = outer;
    }

    private void Guarded(Action call)
    {
        try
        {
            call();
        }
        catch (Exception e)
        {
            Failed(e);
        }
    }

    private Action? Next()
    {
        lock (_gate)
        {
            if (_told.Count <= MaxWaiting / 2)
            {
                _roomAgain?.SetResult();
                _roomAgain = null;
            }

            if (_told.TryDequeue(out var call))
                return call;
            _telling = false;
            _allTold?.SetResult();
            _allTold = null;
            return null;
        }
    }

    internal readonly ref struct Turn(Turns owner)
    {
        public void Dispose() => owner.End();
    }
}
