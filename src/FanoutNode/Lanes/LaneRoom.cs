using System.Runtime.InteropServices;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Lanes;

/// <summary>A room as one lane sees it: its members there, and the messages gathered for the next send. Owned by the lane.</summary>
internal sealed partial class LaneRoom(IRoomMembers room, int laneIndex)
{
    // Blocks stay under the large object heap's threshold (85,000 bytes), whose collection would stop the lanes.
    private const int MaxBlockBytes = 64 * 1024;

    private readonly List<LaneMember> _members = [];
    private readonly List<LaneMember> _lagging = new(0);
    private readonly List<RoomMessage> _block = new(0);
    private int _messagePackMembers;

    public IRoomMembers Room { get; } = room;

    /// <summary>Messages that wait for the end of the lane's round.</summary>
    public List<RoomMessage> Pending { get; } = [];

    public int Count => _members.Count;

    /// <summary>Whether a member that lags gets the newest message only (<c>Overflow: Latest</c>).</summary>
    public bool KeepsNewestOnly => Room.KeepsNewestOnly;

    private ReadOnlySpan<LaneMember> Members => CollectionsMarshal.AsSpan(_members);

    /// <summary>Adds a member; what was gathered before is not for it, and is sent first.</summary>
    /// <param name="at">Where the room was when the member was let in; null without history.</param>
    /// <param name="since">What the member has already; null: it begins live.</param>
    public void Add(Lane lane, LaneMember member, RoomPosition? at, RoomPosition? since)
    {
        Flush(lane);
        // Those that wait tell of what was before it came.
        member.NoticesFrom = _noticesEver;
        member.IsIn = true;
        if (at is { } position && (_epoch != position.Epoch || _lastOffset < position.Offset))
        {
            _epoch = position.Epoch;
            _lastOffset = position.Offset;
        }

        // A lane that fell behind may have set itself ahead of where the room was then: what lies between is read like anything missed.
        var from = since is { } known && known.Epoch == _epoch ? since : at;
        if (from is { } begin && begin.Epoch == _epoch && begin.Offset < _lastOffset)
            BeginCatchUp(lane, member, begin.Offset);
        else
            AddLive(member);
    }

    /// <summary>Removes a member, after it got what was gathered for it.</summary>
    public void Remove(Lane lane, LaneMember member)
    {
        if (!member.IsIn)
            return;
        Flush(lane);
        if (member.CatchUp is { } cursor)
            Forget(lane, cursor);
        if (member.Index >= 0)
            RemoveLive(member);
        member.IsIn = false;
        Room.CountOut(laneIndex, member.Client);
    }

    /// <summary>Sends what was gathered: one send to each member.</summary>
    public void Flush(Lane lane)
    {
        if (Pending.Count == 0)
            return;
        SendNoticesGuarded(lane);
        var pending = CollectionsMarshal.AsSpan(Pending);
        var delivered = 0L;
        try
        {
            for (var start = 0; start < pending.Length;)
            {
                var length = NextBlock(pending[start..]);
                var block = pending.Slice(start, length);
                var sent = SendBlock(lane, block, out var reached);
                delivered += sent;
                NoteSent(lane, block, sent, reached);
                start += length;
            }
        }
        finally
        {
            Pending.Clear();
            if (!Room.IsForOperators)
                lane.Metrics.Delivered(delivered);
            // Also after a fault: who was marked gets nothing live until it has been to the log.
            if (_lagging.Count > 0)
                SendToLog(lane);
        }
    }

    // When the last member of this lane had it handed to its socket or its backlog: the metric once for each message, the console's counts once for
    // each delivery, since there one message to ten thousand members outweighs a hundred to one.
    private void NoteSent(Lane lane, ReadOnlySpan<RoomMessage> block, long delivered, int reached)
    {
        var (measures, isTimed) = (lane.Metrics.MeasuresDeliveries, lane.IsTimed);
        if ((measures || isTimed) && !Room.IsForOperators)
        {
            var now = lane.Clock.Microseconds;
            // Who does not get some of the block is one among many: what it misses is shared by all of its messages.
            var (share, rest) = Math.DivRem(delivered, block.Length);
            foreach (var message in block)
            {
                if (measures)
                    lane.Metrics.DeliveryTook(now, message.Timestamp);
                if (isTimed)
                    lane.Times.Add(now - (message.Timestamp * 1000), share + (rest-- > 0 ? 1 : 0));
            }
        }

        foreach (var message in block)
            message.Trace?.Done(message, reached, block);
    }

    private void AddLive(LaneMember member)
    {
        member.Index = _members.Count;
        _members.Add(member);
        if (member.Client.Format == WireFormat.MessagePack)
            _messagePackMembers++;
    }

    private void RemoveLive(LaneMember member)
    {
        var last = _members[^1];
        _members[member.Index] = last;
        last.Index = member.Index;
        _members.RemoveAt(_members.Count - 1);
        member.Index = -1;
        if (member.Client.Format == WireFormat.MessagePack)
            _messagePackMembers--;
    }

    private int NextBlock(ReadOnlySpan<RoomMessage> messages)
    {
        var bytes = messages[0].Size;
        var count = 1;
        // A quarter of the history at once: a member that turns out to lag has not been given more than it may be.
        var most = Math.Min(messages.Length, Room.CatchUpSource is { } source ? Math.Max(1, source.HistorySize / 4) : int.MaxValue);
        while (count < most && (bytes += messages[count].Size) <= MaxBlockBytes)
            count++;
        return count;
    }

    /// <param name="reached">Members that got it; those who were spared one of its messages too, see <see cref="DeliveryTrace.Spare"/>.</param>
    private long SendBlock(Lane lane, ReadOnlySpan<RoomMessage> messages, out int reached)
    {
        reached = 0;
        var block = new BlockFrames(messages);
        var excluded = AnyExcludedHere(lane, messages);
        var delivered = 0L;
        foreach (var member in Members)
        {
            if (member.LaggedAt is not null)
                continue; // Reads the rest from the log, from where it was found to lag.
            reached++;
            if (excluded && IsExcluded(messages, member.Client))
            {
                delivered += SendSome(messages, member.Client);
                continue;
            }

            member.Client.Send(block.For(member.Client), this);
            delivered += messages.Length;
            // A message without an offset is not in the log: who misses it could not read it there.
            if (Lags(member, messages.Length) && messages[^1].Offset is { } sent)
            {
                member.LaggedAt = sent;
                _lagging.Add(member);
            }
        }

        return delivered;
    }

    // A member's backlog holds at most half of what the room keeps: more, and a member that is cut could not resume.
    private bool Lags(LaneMember member, int messages)
    {
        if (member.Client.IsDrained)
        {
            member.Behind = 0;
            return false;
        }

        member.Behind += messages;
        return Room.CatchUpSource is { } source && !KeepsNewestOnly && member.Behind >= source.HistorySize / 2;
    }

    // Instead of queueing more for it, let it read the rest from the log when its socket drains.
    private void SendToLog(Lane lane)
    {
        var lagging = _lagging.ToArray();
        _lagging.Clear();
        foreach (var member in lagging)
        {
            var sent = member.LaggedAt!.Value;
            member.LaggedAt = null;
            member.Behind = 0;
            if (member is { IsIn: true, CatchUp: null })
                BeginCatchUp(lane, member, sent);
        }
    }

    private static bool AnyExcludedHere(Lane lane, ReadOnlySpan<RoomMessage> messages)
    {
        foreach (var message in messages)
        {
            if (message.ExcludedClientId is { } id && lane.Clients.ContainsKey(id))
                return true;
        }

        return false;
    }

    private static bool IsExcluded(ReadOnlySpan<RoomMessage> messages, ILaneClient client)
    {
        foreach (var message in messages)
        {
            if (message.ExcludedClientId == client.ClientId)
                return true;
        }

        return false;
    }

    /// <summary>The newest of the messages that are being sent just now, for a member that cannot take all of them.</summary>
    public ReadOnlyMemory<byte> NewestFrameFor(ILaneClient client)
    {
        for (var i = Pending.Count - 1; i > 0; i--)
        {
            if (Pending[i].ExcludedClientId != client.ClientId)
                return Pending[i].FrameFor(client);
        }

        return Pending[0].FrameFor(client);
    }

    // The rare member that must not get all of a block: its messages one by one.
    private int SendSome(ReadOnlySpan<RoomMessage> messages, ILaneClient client)
    {
        var sent = 0;
        foreach (var message in messages)
        {
            if (message.ExcludedClientId == client.ClientId)
            {
                message.Trace?.Spare();
                continue;
            }

            client.Send(message.FrameFor(client), this);
            sent++;
        }

        return sent;
    }
}
