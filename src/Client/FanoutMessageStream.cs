using System.Diagnostics.CodeAnalysis;
using Fanout.Client.Rooms;

namespace Fanout.Client;

/// <summary>
/// A room's messages for <c>await foreach</c>. The room is joined when the loop begins, and left when the last one ends (unless it was joined
/// by itself). The loop ends when the room is left or the client is closed, with a <see cref="FanoutException"/> where that was not your
/// doing; it is cancelled by <c>WithCancellation</c>.
/// </summary>
[SuppressMessage("Naming", "CA1710", Justification = "It is a stream, not a collection.")]
public sealed class FanoutMessageStream<T> : IAsyncEnumerable<FanoutMessage<T>>
{
    private readonly RoomCore _room;
    private readonly RoomReader<T> _reader;
    private readonly FanoutStreamOptions _options;
    private long _dropped;

    internal FanoutMessageStream(RoomCore room, RoomReader<T> reader, FanoutStreamOptions options)
    {
        _room = room;
        _reader = reader;
        _options = options;
    }

    /// <summary>Messages that were dropped, with <see cref="FanoutOverflow.DropOldest"/>.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Joins, and begins to buffer.</summary>
    public IAsyncEnumerator<FanoutMessage<T>> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        var sink = new BufferSink(_options, endsWithRoom: true, () => Interlocked.Increment(ref _dropped));
        using (_room.Host.Turns.Take())
        {
            if (_room.Host.ClosedForGood is { } closed)
                throw closed;
            _room.Add(sink);
        }

        return new Enumerator(this, sink, cancellationToken);
    }

    private sealed class Enumerator(FanoutMessageStream<T> stream, BufferSink sink, CancellationToken cancellation) : IAsyncEnumerator<FanoutMessage<T>>
    {
        public FanoutMessage<T> Current { get; private set; } = null!;

        public async ValueTask<bool> MoveNextAsync()
        {
            while (await sink.Reader.WaitToReadAsync(cancellation))
            {
                while (sink.Reader.TryRead(out var message))
                {
                    if (stream._reader.Read(message) is not { } typed)
                        continue;
                    Current = typed;
                    return true;
                }
            }

            return false;
        }

        public ValueTask DisposeAsync()
        {
            using var turn = stream._room.Host.Turns.Take();
            stream._room.Remove(sink);
            sink.End(null);
            return ValueTask.CompletedTask;
        }
    }
}
