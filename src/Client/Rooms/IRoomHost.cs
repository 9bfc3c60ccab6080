using Fanout.Client.Commands;
using Fanout.Client.Outbox;
using Fanout.Client.Threading;

namespace Fanout.Client.Rooms;

/// <summary>What a room needs of its client.</summary>
internal interface IRoomHost
{
    Settings Settings { get; }

    Turns Turns { get; }

    ILine Line { get; }

    CommandTable Commands { get; }

    PublishOutbox Outbox { get; }

    /// <summary>Why the client is closed, for good or until it connects again; null where it is not.</summary>
    FanoutException? ClosedForGood { get; }

    /// <summary>Whether we have closed the client: it never connects again.</summary>
    bool IsOver { get; }

    /// <summary>Something is about to hang on the room.</summary>
    void Keep(RoomCore room);

    /// <summary>A message of any room, once.</summary>
    void Message(FanoutMessage<FanoutPayload> message);

    void RoomReset(FanoutReset reset);

    /// <summary>A handler threw. Not in a turn.</summary>
    void HandlerFailed(Exception cause);

    /// <summary>Something failed that no caller waits for. In a turn or not.</summary>
    void Fault(FanoutException error);

    /// <summary>Calls the handlers of an event when the turn is over; one that throws harms neither the others nor the client.</summary>
    void Raise<T>(Func<Action<T>?> handlers, T value);
}
