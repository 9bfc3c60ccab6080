namespace Fanout.Node.Connections;

/// <summary>
/// The one way out of a connection: frames go to the transport at once while it takes them, else into a bounded backlog that is finished
/// when the transport is writable again. Everything goes through here, pings, pongs and the close frame too: two writers on one socket
/// would mix their bytes.
/// </summary>
/// <remarks>Only called on the connection's lane.</remarks>
internal abstract class Outbound(Connection connection, OutboundLimits limits)
{
    // Made when it is first needed: most sockets never are behind.
    private Queue<ReadOnlyMemory<byte>>? _backlog;
    private long _lastProgress;
    private bool _dead;
    private bool _uncounted;

    protected Connection Connection { get; } = connection;

    /// <summary>Bytes that wait for the transport.</summary>
    public long BacklogBytes { get; private set; }

    /// <summary>Whether a write is under way that the transport has not finished.</summary>
    protected bool IsBlocked { get; set; }

    /// <summary>Sends, or queues behind what waits already.</summary>
    /// <returns><see langword="false"/> if the backlog would go over its bound; nothing was queued then.</returns>
    public bool Send(ReadOnlyMemory<byte> frames)
    {
        if (_dead)
            return true;
        if (!IsBlocked && IsBacklogEmpty)
        {
            TryWrite(frames);
            return true;
        }

        if (!CanTake(frames.Length))
            return false;
        (_backlog ??= new()).Enqueue(frames);
        Count(frames.Length);
        return true;
    }

    /// <summary>Whether a frame of so many bytes would be sent or queued.</summary>
    public bool CanTake(int bytes) =>
        _dead || (!IsBlocked && IsBacklogEmpty) || limits.MaxBacklogBytes <= 0 || BacklogBytes + bytes <= limits.MaxBacklogBytes;

    /// <summary>Sends the close frame as the last thing; what waits before it is dropped where the peer would not read it anyway.</summary>
    public void SendLast(ReadOnlyMemory<byte> closeFrame, bool dropBacklog)
    {
        if (dropBacklog)
        {
            // Whole frames only: the one that is partly out is with the transport, not in the backlog.
            _backlog?.Clear();
            Count(-BacklogBytes);
        }

        (_backlog ??= new()).Enqueue(closeFrame);
        Count(closeFrame.Length);
        if (!IsBlocked)
            Drain();
    }

    /// <summary>Whether everything that was sent has been taken by the transport.</summary>
    public bool IsFlushed => _dead || (!IsBlocked && IsBacklogEmpty);

    /// <summary>Whether the transport has taken nothing for too long although something waits.</summary>
    public bool IsStalled(long now) => !IsFlushed && now - _lastProgress >= (long)limits.StallTimeout.TotalMilliseconds;

    /// <summary>When to look for a stall, on the lane's clock.</summary>
    public long StallDeadline => _lastProgress + (long)limits.StallTimeout.TotalMilliseconds;

    /// <summary>The transport took some more.</summary>
    protected void NoteProgress() => _lastProgress = Connection.Lane.RoundTime;

    /// <summary>
    /// Whether the peer has taken some since the last look and has more to take, of what the transport has and the network not yet. False where
    /// that cannot be seen.
    /// </summary>
    public virtual bool IsBeingTaken() => false;

    /// <summary>Says that nothing more will come (FIN), where the transport can say so and still be read from.</summary>
    public virtual void EndSending()
    {
    }

    /// <summary>Hands bytes to the transport. Sets <see cref="IsBlocked"/> where it did not take all of them at once.</summary>
    protected abstract void Write(ReadOnlyMemory<byte> frames);

    /// <summary>The transport took the last write: goes on with the backlog.</summary>
    protected void OnWritable()
    {
        IsBlocked = false;
        Drain();
    }

    /// <summary>The transport is gone; further sends are silently dropped until the connection is taken off its lane.</summary>
    protected void OnFailed()
    {
        _dead = true;
        _backlog = null;
        Count(-BacklogBytes);
        Connection.OnTransportLost();
    }

    /// <summary>The connection leaves its lane: what still waits is not the lane's any more.</summary>
    public void Uncount()
    {
        if (!_uncounted)
            Connection.Lane.CountBacklog(-BacklogBytes);
        _uncounted = true;
    }

    private void Count(long change)
    {
        BacklogBytes += change;
        if (!_uncounted)
            Connection.Lane.CountBacklog(change);
    }

    private bool IsBacklogEmpty => _backlog is not { Count: > 0 };

    private void Drain()
    {
        while (!IsBlocked && !_dead && _backlog is not null && _backlog.TryDequeue(out var frames))
        {
            Count(-frames.Length);
            TryWrite(frames);
        }

        if (IsFlushed)
            Connection.OnFlushed();
    }

    private void TryWrite(ReadOnlyMemory<byte> frames)
    {
        NoteProgress();
        Write(frames);
        if (IsBlocked)
            Connection.OnBlocked();
    }
}

/// <summary>Bounds of a connection's outbound path.</summary>
/// <param name="MaxBacklogBytes">Bytes that may wait; 0: no bound.</param>
/// <param name="StallTimeout">So long may nothing move while something waits.</param>
internal sealed record OutboundLimits(long MaxBacklogBytes, TimeSpan StallTimeout);
