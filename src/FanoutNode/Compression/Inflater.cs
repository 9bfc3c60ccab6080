using System.Buffers;
using System.IO.Compression;

namespace Fanout.Node.Compression;

/// <summary>How inflating a message ended.</summary>
internal enum InflateResult
{
    Done,

    /// <summary>There is more than the limit allows.</summary>
    TooLarge,

    /// <summary>It is not DEFLATE, or is cut off.</summary>
    Garbage,
}

/// <summary>Inflates one whole message (RFC 7692, section 7.2.2). Nothing of it outlives the call but the pooled result.</summary>
internal static class Inflater
{
    private const int SmallestBuffer = 1024;

    // What a sender cuts off; then an empty final block. A stream that wants still more behind it was cut off: DeflateStream itself takes that
    // for an ordinary end.
    private static readonly byte[] Tail = [0, 0, 0xFF, 0xFF, 0x01, 0, 0, 0xFF, 0xFF];

    /// <summary>Inflates at most <paramref name="limit"/> bytes.</summary>
    /// <param name="message">Rented from the shared pool, for the caller to return; null unless done.</param>
    public static InflateResult Inflate(ReadOnlyMemory<byte> compressed, long limit, out byte[]? message, out int length)
    {
        // Grows with what really comes out; never by a factor that the sender suggests.
        var buffer = ArrayPool<byte>.Shared.Rent(SmallestBuffer);
        (message, length) = (null, 0);
        var result = InflateResult.Garbage;
        try
        {
            using var input = new MessageStream(compressed, Tail);
            using var inflate = new DeflateStream(input, CompressionMode.Decompress);
            var count = 0;
            // One byte over is enough to know.
            var most = limit + 1;
            while (inflate.Read(buffer, count, (int)Math.Min(buffer.Length, most) - count) is > 0 and var read)
            {
                count += read;
                if (count == most)
                    return result = InflateResult.TooLarge;
                if (count == buffer.Length)
                    buffer = Larger(buffer, count, most);
            }

            if (input.WasAskedForMore)
                return result;
            (message, length) = (buffer, count);
            return result = InflateResult.Done;
        }
        catch (InvalidDataException)
        {
            return result;
        }
        finally
        {
            if (result != InflateResult.Done)
                ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Larger(byte[] buffer, int count, long most)
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min((long)count * 2, most));
        buffer.AsSpan(0, count).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    /// <summary>The message, then the tail; notes whether that was enough.</summary>
    private sealed class MessageStream(ReadOnlyMemory<byte> message, ReadOnlyMemory<byte> tail) : Stream
    {
        private ReadOnlyMemory<byte> _rest = message;
        private bool _inTail;

        public bool WasAskedForMore { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            if (_rest.IsEmpty)
            {
                WasAskedForMore = _inTail;
                (_rest, _inTail) = (_inTail ? default : tail, true);
            }

            var count = Math.Min(buffer.Length, _rest.Length);
            _rest.Span[..count].CopyTo(buffer);
            _rest = _rest[count..];
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
