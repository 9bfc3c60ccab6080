namespace Fanout.Client.Rooms;

/// <summary>Calls a handler for each message, in the client's order of events.</summary>
internal sealed class CallbackSink<T>(RoomReader<T> reader, Action<FanoutMessage<T>> handler, Action ended) : IMessageSink
{
    private volatile bool _isOver;

    public bool EndsWithRoom => false;

    public void Push(FanoutMessage<FanoutPayload> message) => reader.Host.Turns.Tell(() =>
    {
        // No call begins after the subscription has ended.
        if (_isOver || reader.Read(message) is not { } typed)
            return;
        try
        {
            handler(typed);
        }
        catch (Exception e)
        {
            reader.Host.HandlerFailed(e);
        }
    });

    public void End(FanoutException? error)
    {
        _isOver = true;
        ended();
    }

    public void Stop() => _isOver = true;
}
