using Fanout.Client.Serialization;

namespace Fanout.Client.Rooms;

/// <summary>Reads the payloads of a room. One that cannot be read is passed over and told: it must not stop those behind it.</summary>
internal sealed class RoomReader<T>(IRoomHost host, IFanoutSerializer<T> serializer)
{
    public IRoomHost Host => host;

    public FanoutMessage<T>? Read(FanoutMessage<FanoutPayload> message)
    {
        try
        {
            return message.With(serializer.Read(message.Payload.Bytes, message.Payload.Format));
        }
        catch (Exception e)
        {
            host.Fault(new FanoutException(
                FanoutErrorCodes.BadMessage, $"The payload of message {message.Id} in '{message.Room}' is no {typeof(T).Name}: passed over.", e)
            { Room = message.Room });
            return null;
        }
    }
}
