using Fanout.Node.Connections.Framing;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Lanes;

/// <summary>The part of a lane's room that follows its offsets: positions, members that catch up, resets.</summary>
internal sealed partial class LaneRoom
{
    private readonly List<CatchUp> _catchingUp = new(0);
    private string? _epoch;
    private long _lastOffset;
    private int _isBehind;

    /// <summary>Whether a message is the lane's next: not one that a reading has overtaken, nor of an epoch that is over.</summary>
    public bool Advance(RoomMessage message)
    {
        if (message.Offset is not { } offset)
            return true;
        if (message.Epoch != _epoch || offset <= _lastOffset)
            return false;
        _lastOffset = offset;
        return true;
    }

    /// <summary>The lane was too full for a message of this room: its members read it later. From any thread.</summary>
    public void FallBehind(Lane lane)
    {
        if (Interlocked.Exchange(ref _isBehind, 1) == 0)
            lane.Post(new FellBehindWork(this));
    }

    /// <summary>Continuity is lost: every member is told, and goes on live behind the new position.</summary>
    public void Reset(Lane lane, RoomPosition position)
    {
        Flush(lane);
        _epoch = position.Epoch;
        _lastOffset = position.Offset;
        var message = new ResetMessage(Room.Name, position.Epoch, position.Offset);
        ReadOnlyMemory<byte> json = ServerFrames.Encode(WireFormat.Json, message);
        ReadOnlyMemory<byte> messagePack = _messagePackMembers > 0 || _catchingUp.Count > 0 ? ServerFrames.Encode(WireFormat.MessagePack, message) : default;
        foreach (var member in Members)
        {
            // It is from before the reset, and would come behind it.
            member.Client.ForgetNewest(this);
            member.Client.Send(member.Client.Format == WireFormat.Json ? json : messagePack, null);
        }

        foreach (var cursor in _catchingUp.ToArray())
        {
            cursor.Member.Client.Send(cursor.Member.Client.Format == WireFormat.Json ? json : messagePack, null);
            GoLive(cursor);
        }
    }

    /// <summary>Up to where a member has been sent the room's messages; null without history.</summary>
    public RoomPosition? PositionOf(Lane lane, LaneMember member)
    {
        if (_epoch is null)
            return null;
        // What is gathered goes out first, so that the answer is not ahead of it.
        Flush(lane);
        return new RoomPosition(_epoch, member.CatchUp?.Position ?? _lastOffset);
    }

    /// <summary>Goes on with a member that catches up: its page arrived, or its socket took what was sent.</summary>
    public void Continue(Lane lane, CatchUp cursor)
    {
        if (!cursor.IsActive)
            return;
        if (cursor.TakeArrived() is { } page)
        {
            if (page.Epoch != cursor.Epoch || page.First > cursor.Position + 1)
            {
                Overtake(lane, cursor);
                return;
            }

            cursor.Page = page;
        }

        if (cursor.IsReading)
            return;
        while (true)
        {
            // Also before it goes live: a member that lags must have made room for what comes.
            if (!cursor.Member.Client.IsDrained)
            {
                cursor.Member.Client.WhenDrained(cursor);
                return;
            }

            if (cursor.Position >= _lastOffset)
                break;
            if (cursor.Page is null || !cursor.Page.Covers(cursor.Position + 1))
            {
                cursor.Page = null;
                cursor.Read(lane, Room.CatchUpSource!);
                return;
            }

            SendFromPage(lane, cursor);
        }

        // The cursor has met the lane: what is gathered but not sent yet stands before its position.
        Flush(lane);
        GoLive(cursor);
    }

    /// <summary>Members that were refused messages read them from the log.</summary>
    internal void CatchUpAll(Lane lane)
    {
        Volatile.Write(ref _isBehind, 0);
        // A reset is on its way if the epochs differ, and tells the members more.
        if (Room.CatchUpSource?.Position is not { } position || position.Epoch != _epoch)
            return;
        Flush(lane);
        var from = _lastOffset;
        // What is still queued up to there will be read, too, and is skipped when it comes.
        _lastOffset = Math.Max(_lastOffset, position.Offset);
        if (_lastOffset == from)
            return;
        foreach (var member in _members.ToArray())
            BeginCatchUp(lane, member, from);
    }

    private void BeginCatchUp(Lane lane, LaneMember member, long from)
    {
        if (member.Index >= 0)
            RemoveLive(member);
        var cursor = new CatchUp(member, _epoch!, from);
        member.CatchUp = cursor;
        _catchingUp.Add(cursor);
        Continue(lane, cursor);
    }

    private void SendFromPage(Lane lane, CatchUp cursor)
    {
        var client = cursor.Member.Client;
        _block.Clear();
        var bytes = 0;
        foreach (var message in cursor.Page!.Messages)
        {
            var offset = message.Offset!.Value;
            if (offset <= cursor.Position)
                continue;
            if (offset > _lastOffset || bytes > MaxBlockBytes)
                break;
            cursor.Position = offset;
            bytes += message.Size;
            if (message.ExcludedClientId != client.ClientId)
                _block.Add(message);
        }

        // Messages that nobody can decode leave holes in the page; the cursor steps over them.
        if (bytes == 0)
            cursor.Position = Math.Min(cursor.Page.Last, _lastOffset);
        if (_block.Count == 0)
            return;
        client.Send(new BlockFrames(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_block)).For(client), null);
        if (!Room.IsForOperators)
            lane.Metrics.Delivered(_block.Count);
    }

    private void Overtake(Lane lane, CatchUp cursor)
    {
        Room.CatchUpSource!.OnOvertaken();
        Flush(lane);
        var client = cursor.Member.Client;
        client.Send(ServerFrames.Encode(client.Format, new ResetMessage(Room.Name, _epoch!, _lastOffset)), null);
        GoLive(cursor);
    }

    private void GoLive(CatchUp cursor)
    {
        Forget(cursor);
        AddLive(cursor.Member);
    }

    private void Forget(CatchUp cursor)
    {
        cursor.IsActive = false;
        cursor.Member.CatchUp = null;
        _catchingUp.Remove(cursor);
    }
}

/// <summary>Sends the members of a room on a lane to the log, because the lane was too full for a message.</summary>
internal sealed class FellBehindWork(LaneRoom room) : ILaneWork
{
    public void Run(Lane lane) => room.CatchUpAll(lane);
}

/// <summary>Tells a room's members on a lane that continuity is lost. Keeps no state, so that one serves all lanes.</summary>
internal sealed class RoomResetWork(IRoomMembers room, RoomPosition position) : ILaneWork
{
    public void Run(Lane lane) => room.OnLane(lane).Reset(lane, position);
}
