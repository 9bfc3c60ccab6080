namespace Fanout.Client.Rooms;

/// <summary>Somebody who gets a room's messages. Called in turns.</summary>
internal interface IMessageSink
{
    /// <summary>Whether it ends when the room is left; else it waits for the next join.</summary>
    bool EndsWithRoom { get; }

    void Push(FanoutMessage<FanoutPayload> message);

    /// <summary>Nothing comes any more; what waits is still read.</summary>
    void End(FanoutException? error);
}
