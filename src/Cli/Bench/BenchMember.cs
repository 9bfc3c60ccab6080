using System.Net.WebSockets;

namespace Fanout.Cli.Bench;

/// <summary>A connection that is in a room and counts what comes.</summary>
internal sealed class BenchMember(BenchSocket socket, MessageLedger ledger, LatencyRecorder latencies, Action onComplete) : IDisposable
{
    /// <summary>Why it ended before the bench did; null if it did not.</summary>
    public string? Lost { get; private set; }

    public async Task ReadAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                var message = await socket.ReceiveAsync(cancellation);
                if (message.IsEmpty)
                    break;
                Count(message.Span);
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (WebSocketException)
        {
            // Told as lost, below.
        }

        if (!cancellation.IsCancellationRequested)
            Lost = socket.EndReason;
    }

    public Task CloseAsync(CancellationToken cancellation) => socket.CloseAsync(cancellation);

    public void Dispose() => socket.Dispose();

    private void Count(ReadOnlySpan<byte> message)
    {
        var at = message.IndexOf(Stamp.Mark);
        if (!Stamp.IsAt(message, at))
            return;
        var (time, number) = Stamp.Read(message[at..]);
        latencies.Record(number, Clock.Now - time);
        if (ledger.Deliver(number))
            onComplete();
    }
}
