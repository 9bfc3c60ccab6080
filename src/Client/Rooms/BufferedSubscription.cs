namespace Fanout.Client.Rooms;

/// <summary>Reads a buffer in a loop, and waits for the handler each time.</summary>
internal static class BufferedSubscription
{
    public static FanoutSubscription Start<T>(
        RoomCore room, RoomReader<T> reader, FanoutStreamOptions options, Func<FanoutMessage<T>, CancellationToken, Task> handler)
    {
        var sink = new BufferSink(options, endsWithRoom: false, static () => { });
        var subscription = new FanoutSubscription(room, sink);
        using (room.Host.Turns.Take())
            room.Add(sink);
        // Its own context, for the same reason as in Turns.
        using (ExecutionContext.IsFlowSuppressed() ? default(IDisposable) : ExecutionContext.SuppressFlow())
            _ = Task.Run(() => RunAsync(room, reader, sink, handler, subscription));
        return subscription;
    }

    private static async Task RunAsync<T>(
        RoomCore room, RoomReader<T> reader, BufferSink sink, Func<FanoutMessage<T>, CancellationToken, Task> handler, FanoutSubscription subscription)
    {
        FanoutException? error = null;
        try
        {
            await foreach (var message in sink.Reader.ReadAllAsync(subscription.Ending))
            {
                if (reader.Read(message) is not { } typed)
                    continue;
                try
                {
                    await handler(typed, subscription.Ending);
                }
                catch (OperationCanceledException) when (subscription.Ending.IsCancellationRequested)
                {
                    break;
                }
                catch (Exception e)
                {
                    room.Host.HandlerFailed(e);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
        catch (FanoutException e)
        {
            error = e;
            room.Host.Fault(e);
        }

        subscription.Over(error);
    }
}
