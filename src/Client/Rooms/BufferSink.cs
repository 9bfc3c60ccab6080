using System.Threading.Channels;

namespace Fanout.Client.Rooms;

/// <summary>Keeps messages for a reader, up to a bound.</summary>
internal sealed class BufferSink : IMessageSink
{
    private readonly Channel<FanoutMessage<FanoutPayload>> _channel;
    private readonly FanoutStreamOptions _options;

    /// <param name="dropped">Called for each message that is dropped to make room.</param>
    public BufferSink(FanoutStreamOptions options, bool endsWithRoom, Action dropped)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BufferSize, 1);
        _options = options;
        EndsWithRoom = endsWithRoom;
        var bounds = new BoundedChannelOptions(options.BufferSize)
        {
            SingleReader = true,
            FullMode = options.Overflow == FanoutOverflow.DropOldest ? BoundedChannelFullMode.DropOldest : BoundedChannelFullMode.Wait,
        };
        _channel = Channel.CreateBounded<FanoutMessage<FanoutPayload>>(bounds, _ => dropped());
    }

    public bool EndsWithRoom { get; }

    public ChannelReader<FanoutMessage<FanoutPayload>> Reader => _channel.Reader;

    public void Push(FanoutMessage<FanoutPayload> message)
    {
        if (!_channel.Writer.TryWrite(message))
        {
            // Full, or over already; the second is told nobody.
            End(new FanoutException(FanoutErrorCodes.Overflow, $"{_options.BufferSize} messages are waiting; no more may (BufferSize).") { Room = message.Room });
        }
    }

    public void End(FanoutException? error) => _channel.Writer.TryComplete(error);
}
