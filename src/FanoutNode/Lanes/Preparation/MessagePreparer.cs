using System.Collections.Concurrent;
using Fanout.Node.Compression;
using Fanout.Node.Diagnostics;

namespace Fanout.Node.Lanes.Preparation;

/// <summary>
/// Makes messages ready whose encoding would hold up a lane: large ones, and those that somebody takes compressed. Its workers leave cores to the
/// lanes, and take the rooms in turn.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class MessagePreparer(CompressionOptions compression, FanoutMetrics metrics, ILogger<MessagePreparer> logger)
{
    /// <summary>Payloads over this are converted and copied away from the lanes: 16 KiB of JSON take 30 us to become MessagePack.</summary>
    public const int Large = 16 * 1024;

    /// <summary>So many bytes are made ready in one turn, about: some milliseconds at the most.</summary>
    public const int BytesPerTurn = 64 * 1024;

    // Over all rooms. What waits behind the bounds is read from the log, or dropped and counted.
    private const long MostBytesWaiting = 64 * 1024 * 1024;

    // Half of the cores: as thread-pool work like any other, more would stand in the lanes' way.
    private static readonly int MostWorkers = Math.Max(1, Environment.ProcessorCount / 2);

    private readonly ConcurrentQueue<IPreparation> _ready = new();
    private long _bytesWaiting;
    private int _workers;

    public FanoutMetrics Metrics { get; } = metrics;

    /// <summary>Of the forms in use those that no lane should make; none for the ordinary message.</summary>
    public MessageForms CostlyForms(RoomMessage message, MessageForms inUse)
    {
        var length = message.Payload.Bytes.Length;
        var costly = length >= compression.SmallestMessageBytes ? inUse & MessageForms.Deflated : MessageForms.None;
        return length > Large ? costly | (inUse & ~MessageForms.Deflated) : costly;
    }

    /// <summary>Makes a message ready in these forms, where it is not.</summary>
    public void Prepare(RoomMessage message, MessageForms forms)
    {
        try
        {
            message.Prepare(forms);
        }
        catch (Exception e)
        {
            // A bug; the lane will meet it again and report it, and nobody behind the message shall wait for ever.
            MessagePreparerLog.Failed(logger, e, message.Id);
        }
    }

    /// <summary>Counts bytes in; <see langword="false"/> if too many wait on this node already.</summary>
    public bool TryReserve(int bytes)
    {
        if (Interlocked.Add(ref _bytesWaiting, bytes) <= MostBytesWaiting)
            return true;
        Release(bytes);
        return false;
    }

    public void Release(int bytes) => Interlocked.Add(ref _bytesWaiting, -bytes);

    /// <summary>Gives it turns until it has nothing more to do.</summary>
    public void Schedule(IPreparation preparation)
    {
        _ready.Enqueue(preparation);
        StartWorker();
    }

    private void StartWorker()
    {
        if (Interlocked.Increment(ref _workers) > MostWorkers)
            Interlocked.Decrement(ref _workers);
        else
            ThreadPool.UnsafeQueueUserWorkItem(static self => self.Work(), this, preferLocal: false);
    }

    // One turn, then to the end of the pool's queue again, behind the lanes.
    private void Work()
    {
        if (_ready.TryDequeue(out var next) && next.RunTurn())
            _ready.Enqueue(next);
        // Before the last look: whoever came too late to start a worker is seen now.
        Interlocked.Decrement(ref _workers);
        if (!_ready.IsEmpty)
            StartWorker();
    }
}

internal static partial class MessagePreparerLog
{
    [LoggerMessage(1720, LogLevel.Error, "Message {MessageId} could not be made ready", EventName = "PreparationFailed")]
    public static partial void Failed(ILogger logger, Exception exception, string messageId);
}
