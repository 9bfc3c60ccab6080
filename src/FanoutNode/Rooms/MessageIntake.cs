using Fanout.Node.Backplane;
using Fanout.Node.Control;
using Fanout.Node.Diagnostics;
using Fanout.Node.History;
using Fanout.Node.Presence;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Rooms;

/// <summary>Where messages of the backplane enter the node: decode the header, find the room, hand one message to its lanes.</summary>
internal sealed partial class MessageIntake(
    RoomRegistry rooms, AllRoom all, BackplaneNotices notices, Readiness readiness, Reconciler reconciler, OrderDesk orders, RevocationSync revocations, TimeProvider time, FanoutMetrics metrics, ILogger<MessageIntake> logger)
    : IBackplaneListener
{
    private readonly Seldom _undecodable = new(time);

    public void OnMessage(ReadOnlySpan<char> room, ReadOnlySpan<byte> data)
    {
        if (room.SequenceEqual(RoomName.All))
        {
            if (RoomMessages.TryRead(all, null, null, data.ToArray(), out var toAll))
                all.Post(toAll);
            else
                CountUndecodable(data.Length);
            return;
        }

        // A room that has just been let go still hears what was on its way.
        if (rooms.Find(room) is not { } known)
            return;

        var frame = ChannelFrame.Read(data);
        switch (frame.Kind)
        {
            case ChannelFrameKind.Sequenced when known.Sequencer is { } sequencer:
                // The one copy of the message on this node: all frames and all members share what is made from it.
                sequencer.OnMessage(frame.Epoch, frame.Offset, frame.Data.ToArray());
                break;

            case ChannelFrameKind.NewEpoch when known.Sequencer is { } sequencer:
                sequencer.OnNewEpoch(frame.Epoch);
                break;

            case ChannelFrameKind.PresenceJoin or ChannelFrameKind.PresenceLeave:
                if (PresenceNotice.Read(frame.Data) is { } member)
                    Tell(known, new PresenceNoticeMessage(known.Name, frame.Kind == ChannelFrameKind.PresenceJoin, member));
                break;

            // A node whose settings give the room a history may publish to one whose settings do not, and the other way round, while a
            // change of settings is rolled out: at most once is what is left then.
            case ChannelFrameKind.Message or ChannelFrameKind.Sequenced:
                Deliver(known, frame.Data);
                break;

            case ChannelFrameKind.Unknown:
                CountUndecodable(data.Length);
                break;
        }
    }

    public void OnControl(ReadOnlySpan<byte> order) => orders.OnControl(order);

    public void OnContinuityLost()
    {
        reconciler.Request();
        revocations.Request();
    }

    private void Deliver(Room room, ReadOnlySpan<byte> data)
    {
        if (!RoomMessages.TryRead(room, null, null, data.ToArray(), out var message))
            CountUndecodable(data.Length);
        else if (room.Post(message) is > 0 and var lost)
            metrics.Dropped(DropReason.LaneFull, lost);
    }

    private void Tell(Room room, PresenceNoticeMessage notice)
    {
        if (room.PostNotice(new PresenceNoticeWork(room, notice)) is > 0 and var lost)
            metrics.Dropped(DropReason.LaneFull, lost);
    }

    private void CountUndecodable(int length)
    {
        metrics.Dropped(DropReason.Undecodable);
        if (_undecodable.Count() is > 0 and var count)
            LogUndecodable(logger, count, length);
    }

    public void OnStateChanged(BackplaneState state)
    {
        readiness.OnStateChanged(state);
        notices.Announce(state);
    }

    [LoggerMessage(1200, LogLevel.Warning, "{Count} messages could not be decoded since this was last said, the newest of {Length} bytes; is a node of a newer version running?", EventName = "MessageUndecodable")]
    private static partial void LogUndecodable(ILogger logger, long count, int length);
}
