using System.Buffers;
using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Fanout.Tests.TestKit.Faults;

/// <summary>
/// One direction of one connection. Bytes, and at last the FIN or RST behind them, go through a bounded queue and leave it in order,
/// when the link lets them. So nothing is lost in the middle of a stream, as TCP has it: a black hole that heals delivers late.
/// </summary>
internal sealed class ProxyPump(Socket source, Socket destination, Link link, Action abort)
{
    private const int ChunkBytes = 16 * 1024;

    // 1 MiB; behind it the sender feels the back pressure.
    private const int QueuedChunks = 64;

    private readonly Channel<Chunk> _queue = Channel.CreateBounded<Chunk>(
        new BoundedChannelOptions(QueuedChunks) { SingleReader = true, SingleWriter = true });

    private long _mayWriteAt;

    /// <summary>Takes bytes and drops them, from now on.</summary>
    public volatile bool Discard;

    public Task RunAsync(CancellationToken cancelled) => Task.WhenAll(ReadAsync(cancelled), WriteAsync(cancelled));

    private async Task ReadAsync(CancellationToken cancelled)
    {
        while (true)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
            var count = -1;
            try
            {
                count = await source.ReceiveAsync(buffer.AsMemory(0, ChunkBytes), cancelled);
            }
            catch (SocketException)
            {
                // A reset: queued like everything else, so that a black hole hides it too.
            }

            await _queue.Writer.WriteAsync(new Chunk(buffer, count, Stopwatch.GetTimestamp()), cancelled);
            if (count <= 0)
                return;
        }
    }

    private async Task WriteAsync(CancellationToken cancelled)
    {
        while (true)
        {
            var chunk = await _queue.Reader.ReadAsync(cancelled);
            await PassAsync(chunk.At, cancelled);
            try
            {
                if (chunk.Count > 0)
                    await SendAsync(chunk, cancelled);
                else if (chunk.Count == 0)
                    destination.Shutdown(SocketShutdown.Send);
                else
                    abort();
            }
            catch (SocketException)
            {
                // The destination is gone. The other pump reads that from it and passes it on when its own link allows.
                Discard = true;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(chunk.Buffer);
            }

            if (chunk.Count <= 0)
                return;
        }
    }

    private async Task SendAsync(Chunk chunk, CancellationToken cancelled)
    {
        for (var sent = 0; sent < chunk.Count && !Discard;)
        {
            var rate = await PassAsync(chunk.At, cancelled);
            // A fiftieth of a second's worth at once, so that a slow link trickles and does not stutter.
            var piece = rate is null ? chunk.Count - sent : Math.Clamp(rate.Value / 50, 1, chunk.Count - sent);
            sent += await destination.SendAsync(chunk.Buffer.AsMemory(sent, piece), cancelled);
            if (rate is not null)
                _mayWriteAt = Math.Max(_mayWriteAt, Stopwatch.GetTimestamp()) + (Stopwatch.Frequency * piece / rate.Value);
        }
    }

    /// <summary>Waits until the link lets bytes that came at that time pass, and says at what rate.</summary>
    private async ValueTask<int?> PassAsync(long cameAt, CancellationToken cancelled)
    {
        while (!Discard)
        {
            var (faults, changed) = link.Read();
            if (faults.BlackHole)
            {
                await changed.WaitAsync(cancelled);
                continue;
            }

            var at = cameAt + (long)(faults.Delay.TotalSeconds * Stopwatch.Frequency);
            if (faults.BytesPerSecond is not null)
                at = Math.Max(at, _mayWriteAt);
            var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), at);
            if (wait <= TimeSpan.Zero)
                return faults.BytesPerSecond;
            await changed.WaitAsync(wait, cancelled).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancelled.ThrowIfCancellationRequested();
        }

        return null;
    }

    /// <param name="Count">0 for FIN, -1 for RST.</param>
    private readonly record struct Chunk(byte[] Buffer, int Count, long At);
}
