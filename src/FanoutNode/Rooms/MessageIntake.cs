using Fanout.Node.Backplane;
using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes;

namespace Fanout.Node.Rooms;

/// <summary>Where messages of the backplane enter the node: decode the header, find the room, hand one message to its lanes.</summary>
internal sealed partial class MessageIntake(RoomRegistry rooms, BackplaneNotices notices, FanoutMetrics metrics, ILogger<MessageIntake> logger)
    : IBackplaneListener
{
    public void OnMessage(ReadOnlySpan<char> room, ReadOnlySpan<byte> data)
    {
        // A room that has just been let go still hears what was on its way.
        if (rooms.Find(room) is not { } known)
            return;

        // The one copy of the message on this node: all frames and all members share what is made from it.
        if (!MessageCodec.TryDecode(data.ToArray(), out var stored))
        {
            metrics.Dropped(DropReason.Undecodable);
            LogUndecodable(logger, data.Length);
            return;
        }

        var message = new RoomMessage
        {
            Room = known,
            Id = stored.Id,
            Timestamp = stored.Timestamp,
            From = stored.From,
            ExcludedClientId = stored.ExcludedClientId,
            Payload = stored.Payload,
        };
        if (known.Post(message) is > 0 and var refused)
            metrics.Dropped(DropReason.LaneFull, refused);
    }

    public void OnStateChanged(BackplaneState state) => notices.Announce(state);

    [LoggerMessage(1200, LogLevel.Warning, "A message of {Length} bytes could not be decoded; is a node of a newer version running?", EventName = "MessageUndecodable")]
    private static partial void LogUndecodable(ILogger logger, int length);
}
